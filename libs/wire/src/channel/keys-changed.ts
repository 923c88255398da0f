/** Payload of `channel_keys_changed`: what one member holds of one ring from now on. A signer builds it from its ring. */
import { ChannelError } from './channel-error';
import { channelDirection } from './names';
import { REPORT_LIMITS } from './report-limits';
import { isAlgorithmName } from '../algorithms';
import { isCount, isKeyId, isUuid } from '../names';
import { isTime } from '../rfc3339';
import type { Scope } from '../scope';

export interface ChannelKeysChanged {
  scope: Scope;
  /** Of the ring. A member takes a later one than it holds, and no other. */
  epoch: number;
  /** The member that it is for. */
  node_id: string;
  side: string;
  /** Newest first: who verifies tries them in this order. A ring that has gone from the member names none. */
  keys: ChannelKey[];
}

export interface ChannelKey {
  key_id: string;
  algorithm: 'HS256';
  /** Of a sender `sign`, of a receiver `verify`. A sender has no key that is staged. */
  use: 'sign' | 'verify';
  /** The one that signs. */
  active: boolean;
  /** Of a sender's other one: so long it signs beside the active one, since the sender was given that to sign by. Else null. */
  beside_seconds: number | null;
  /** When a member that hears nothing more drops it: RFC 3339; null of what has no end. */
  verifies_until: string | null;
  check_value: string;
  /** Compact JWE (sealed-secret.ts). */
  secret: string;
}

export const CHANNEL_KEYS_CHANGED = 'channel_keys_changed';

/** @throws ChannelError `malformed` for anything else */
export function readKeysChanged(payload: unknown): ChannelKeysChanged {
  const { scope, epoch, node_id, side, keys } = objectOf(payload);
  const direction = channelDirection(scope);
  if (direction === undefined || !isCount(epoch, 1) || !isUuid(node_id)) throw new ChannelError('malformed');
  if ((side !== direction.from && side !== direction.to) || !Array.isArray(keys) || keys.length > REPORT_LIMITS.keys)
    throw new ChannelError('malformed');
  const use = side === direction.from ? 'sign' : 'verify';
  return { scope: scope as Scope, epoch, node_id, side, keys: keys.map((key) => readKey(key, use)) };
}

function readKey(value: unknown, use: ChannelKey['use']): ChannelKey {
  const key = objectOf(value);
  const { key_id, algorithm, active, beside_seconds, verifies_until, check_value, secret } = key;
  if (!isKeyId(key_id) || algorithm !== 'HS256' || !isAlgorithmName(algorithm) || key['use'] !== use)
    throw new ChannelError('malformed');
  if (typeof active !== 'boolean' || !(beside_seconds === null || isCount(beside_seconds, 0)))
    throw new ChannelError('malformed');
  if (!(verifies_until === null || isTime(verifies_until)) || typeof check_value !== 'string')
    throw new ChannelError('malformed');
  if (typeof secret !== 'string') throw new ChannelError('malformed');
  return { key_id, algorithm, use, active, beside_seconds, verifies_until, check_value, secret };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ChannelError('malformed');
  return value as Record<string, unknown>;
}
