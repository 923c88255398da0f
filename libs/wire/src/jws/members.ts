/** Reads the members of a payload. Each throws JwsError `malformed` for anything but what it names. */
import { isPublicKey } from '../algorithms';
import { isCount, isKeyId } from '../names';
import { isScope, type Scope } from '../scope';
import { parseRfc3339 } from '../rfc3339';
import { JwsError } from './jws-error';

export type Member<T> = (value: unknown) => T;

const member =
  <T>(accepts: (value: unknown) => value is T): Member<T> =>
  (value) => {
    if (!accepts(value)) throw new JwsError('malformed');
    return value;
  };

/** To the letter: of what Go takes beside that (a one-digit hour), a Date makes nothing, and no Node could write it down. */
const isTime = (value: unknown): value is string =>
  typeof value === 'string' && parseRfc3339(value) !== undefined && !Number.isNaN(Date.parse(value));
/** base64url of 32 bytes: 43 characters, of which the last carries only four bits. */
const isHash = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(value);

export const scopeMember: Member<Scope> = member(isScope);
export const keyIdMember = member(isKeyId);
export const publicKeyMember = member((value): value is string => isPublicKey(value));
export const timeMember = member(isTime);
export const epochMember = member((value): value is number => isCount(value, 1));
export const hashMember = member(isHash);

/** Null and nothing else: a member that this kind of payload must not fill. */
export const nullMember: Member<null> = member((value): value is null => value === null);

export const nullOr =
  <T>(read: Member<T>): Member<T | null> =>
  (value) =>
    value === null ? null : read(value);
