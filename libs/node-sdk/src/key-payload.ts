/** The payloads of the signing plane's own events. Read after their envelope was verified, and still a boundary. */
import { isKeyId, isPublicKey, type PlatformKeyRotated, type SigningKeyRotated } from '@plexsphere/wire';
import { KeyChangeError } from './key-change';
import { isEpoch, isText } from './members';

type Accepts = (value: unknown) => boolean;

const isTime: Accepts = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));

/** Throws KeyChangeError `malformed`. */
export const readRotated = (payload: string): SigningKeyRotated =>
  read<SigningKeyRotated>(payload, {
    current: isPublicKey,
    previous: isPublicKey,
    transition_expires: isTime,
    scope: isText,
    old_key_id: isKeyId,
    new_key_id: isKeyId,
    opened_at: isTime,
    epoch: isEpoch,
    statement: isText,
  });

/** Throws KeyChangeError `malformed`. */
export const readPlatformRotated = (payload: string): PlatformKeyRotated =>
  read<PlatformKeyRotated>(payload, { epoch: isEpoch, transition_expires: isTime, statement: isText });

/** Throws KeyChangeError `malformed`. */
export function read<T>(payload: string, shape: Record<keyof T & string, Accepts>): T {
  const value = parse(payload);
  const checks = Object.entries<Accepts>(shape);
  if (!checks.every(([member, accepts]) => accepts(value[member]))) throw new KeyChangeError('malformed');
  return value as T;
}

export function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Whatever it is, it is not what was asked for.
  }
  throw new KeyChangeError('malformed');
}
