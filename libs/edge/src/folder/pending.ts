/**
 * `pending.json`: what was asked for, written before it is asked, so that whatever happens to the answer the same is asked
 * again, and answered the same. There is at most one.
 */
import { isCount, isTime } from '@plexsphere/wire';
import { nodeKeyOf } from '@plexsphere/wire/jws';
import { EdgeError } from '../edge-error';
import { isText, objectOf, type JsonObject } from './json';

interface Asked {
  /** RFC 3339, by the host's clock: names what is archived by it. */
  askedAt: string;
}

/** Another key. */
export interface PendingKey extends Asked {
  kind: 'key-change';
  /** The proof, as it goes over the wire: the platform knows by it that this was asked before. */
  request: string;
  /** Of the new key. Secret. */
  seed: string;
  /** The old one's. */
  generation: number;
  /** For how long the old key is kept. */
  keepOldMs: number;
}

/**
 * A newer token of the same key: beside the one that is held, or in its place. Proven anew at each asking: what is asked is
 * told by the token that is held.
 */
export interface PendingToken extends Asked {
  kind: 'token';
  /** Of the token that is held. */
  heldHash: string;
  replace: boolean;
}

export type Pending = PendingKey | PendingToken;

export function pendingText(pending: Pending): string {
  const { kind, askedAt } = pending;
  const asked = { kind, asked_at: askedAt };
  return `${JSON.stringify(
    pending.kind === 'key-change'
      ? {
          ...asked,
          request: pending.request,
          seed: pending.seed,
          generation: pending.generation,
          keep_old_ms: pending.keepOldMs,
        }
      : { ...asked, held_hash: pending.heldHash, replace: pending.replace },
  )}\n`;
}

/** @throws EdgeError `state_damaged` */
export function parsePending(text: string, about: string): Pending {
  const pending = pendingOf(objectOf(text) ?? {});
  if (pending === undefined) throw new EdgeError('state_damaged', about);
  return pending;
}

function pendingOf({ kind, asked_at: askedAt, ...others }: JsonObject): Pending | undefined {
  if (!isTime(askedAt)) return undefined;
  const asked = { askedAt };
  const { request, seed, generation, keep_old_ms: keepOldMs, held_hash: heldHash, replace } = others;
  if (kind === 'token')
    return isText(heldHash) && typeof replace === 'boolean' ? { kind, ...asked, heldHash, replace } : undefined;
  if (kind !== 'key-change' || !isText(request) || !isText(seed) || nodeKeyOf(seed) === undefined) return undefined;
  return isCount(generation) && isCount(keepOldMs)
    ? { kind, ...asked, request, seed, generation, keepOldMs }
    : undefined;
}
