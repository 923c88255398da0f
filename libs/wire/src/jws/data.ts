/** A person's own payload, signed by a scope's key. Its type keeps it from ever passing for one of our own kinds. */
import type { TrustedKey } from '../envelope';
import { signCompact, verifyCompact } from './compact';
import type { JsonObject } from './encoding';
import type { JwsType, SigningKey } from './signature';

const TYP: JwsType = 'plexsphere-data+jws';

/** Compact JWS over the payload as JSON. */
export const signData = (payload: object, key: SigningKey): Promise<string> => signCompact(TYP, payload, key);

/** Throws JwsError `malformed`, `wrong_type`, `unknown_key` or `signature_invalid`. */
export const verifyData = (
  text: string,
  keys: readonly TrustedKey[],
  now: Date,
): Promise<{ keyId: string; payload: JsonObject }> => verifyCompact(TYP, text, keys, now);
