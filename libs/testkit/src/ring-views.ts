/** Rings as rotation shows them, for specs. */
import { createHash } from 'node:crypto';
import { MESH_ALGORITHM, type KeyView, type PrivateKey, type RingView, type TransitionView } from '@plexsphere/wire';
import { privateKeyOf, publicKeyOf } from './keys';

export const DOMAIN = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

type States = Record<string, KeyView['state']>;

export function ringOf(scope: string, epoch: number, states: States, more: Partial<RingView> = {}): RingView {
  return {
    scope,
    epoch,
    trust_epoch: epoch,
    keys: Object.entries(states).map(([key_id, state]) => ({
      key_id,
      state,
      algorithm: MESH_ALGORITHM,
      public_key: publicKeyOf(key_id),
      verifies_until: state === 'retiring' ? '2031-05-02T10:00:30Z' : null,
    })),
    transition: null,
    statement: '{}',
    statement_hash: hashOf(`${scope} ${epoch}`),
    head_epoch: epoch,
    next: hashOf(`${scope} ${epoch} ahead`),
    issuer: null,
    ...more,
  };
}

export const transitionOf = (
  oldKeyId: string,
  newKeyId: string,
  outcome: TransitionView['outcome'] = null,
): TransitionView => ({
  old_key_id: oldKeyId,
  new_key_id: newKeyId,
  opened_at: '2031-05-01T10:00:00Z',
  closes_at: '2031-05-02T10:00:00Z',
  transition_expires: '2031-05-02T10:00:30Z',
  outcome,
});

/** `old` handed over to `next`, still open. */
export const rotatedRing = (scope: string, epoch: number, old: string, next: string): RingView =>
  ringOf(scope, epoch, { [old]: 'retiring', [next]: 'active' }, { transition: transitionOf(old, next) });

export const privateKeysOf = (ring: RingView): Map<string, PrivateKey> =>
  new Map(ring.keys.map(({ key_id }) => [key_id, privateKeyOf(key_id)]));
