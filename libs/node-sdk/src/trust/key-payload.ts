/** The payloads of the signing plane's own events. Read after their envelope was verified, and still a boundary. */
import {
  isHelloId,
  isKeyId,
  isPublicKey,
  isUuid,
  type PlatformKeyRotated,
  type SigningKeyRotated,
  type StreamReady,
} from '@plexsphere/wire';
import { isCount, isEpoch, isText, isTime, parseObject, type JsonObject } from '../json-members';
import { KeyChangeError } from './key-change';

/** Throws KeyChangeError `malformed`. */
export const readRotated = (payload: string): SigningKeyRotated =>
  read<SigningKeyRotated>(payload, {
    current: isPublicKey,
    previous: (value) => value === undefined || isPublicKey(value),
    transition_expires: isEnd,
    scope: isText,
    old_key_id: isKeyId,
    new_key_id: isKeyId,
    opened_at: isTime,
    epoch: isEpoch,
    statement: isText,
  });

/** Throws KeyChangeError `malformed`. */
export const readPlatformRotated = (payload: string): PlatformKeyRotated =>
  read<PlatformKeyRotated>(payload, { epoch: isEpoch, transition_expires: isEnd, statement: isText });

/** Throws KeyChangeError `malformed`. */
export const readReady = (payload: string): StreamReady =>
  read<StreamReady>(payload, {
    node_id: isUuid,
    hello_id: isHelloId,
    epoch: isEpoch,
    platform_epoch: isEpoch,
    resumes_after: isCount,
    last_position: isCount,
  });

/** Throws KeyChangeError `malformed`. */
export function objectIn(text: string): JsonObject {
  const value = parseObject(text);
  if (value === undefined) throw new KeyChangeError('malformed');
  return value;
}

/** Absent where one key alone is left. */
const isEnd = (value: unknown): boolean => value === undefined || isTime(value);

function read<T>(payload: string, shape: Record<keyof T & string, (value: unknown) => boolean>): T {
  const value = objectIn(payload);
  const isWhole = Object.entries<(value: unknown) => boolean>(shape).every(([name, accepts]) => accepts(value[name]));
  if (!isWhole) throw new KeyChangeError('malformed');
  return value as T;
}
