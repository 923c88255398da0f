import type { Key, KeyRing } from '@plexsphere/keyring';
import { KeyRingEntity, RingChangeEntity, SigningKeyEntity } from '@plexsphere/store';
import type { AlgorithmName } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface NewKey {
  keyId: string;
  algorithm: AlgorithmName;
  publicKey: string | null;
}

export interface NewRingChange {
  change: RingChangeEntity['change'];
  activeKeyId: string;
  eventId: string;
  /** null where the change leaves what a Node must hold as it was, and in a ring without statements. */
  statement: { text: string; hash: string } | null;
}

/**
 * Writes the ring that the domain decided on, in the caller's transaction and under its lock. The index allows one active
 * key at any instant, so what leaves `active` is written first, and what enters it last.
 */
export async function writeRing(
  manager: EntityManager,
  before: KeyRing,
  after: KeyRing,
  newKey: NewKey | null,
): Promise<void> {
  const { scope, epoch, trustEpoch } = after;
  await manager.update(KeyRingEntity, { scope }, { epoch, trustEpoch });
  for (const { keyId, state } of inWriteOrder(before, after)) {
    if (keyId === newKey?.keyId) await insertKey(manager, scope, newKey);
    else await manager.update(SigningKeyEntity, { scope, keyId }, { state, stateSince: () => 'clock_timestamp()' });
  }
}

function inWriteOrder(before: KeyRing, after: KeyRing): Key[] {
  const was = new Map(before.keys.map((key) => [key.keyId, key.state]));
  const rank = (key: Key): number => {
    if (key.state === 'active') return 2;
    return was.get(key.keyId) === 'active' ? 0 : 1;
  };
  return after.keys.filter((key) => was.get(key.keyId) !== key.state).sort((one, other) => rank(one) - rank(other));
}

/**
 * A ring's first key, or the one that a rotation brings in: either way it signs from this commit on, and is no longer one
 * that waits to be taken.
 */
export async function insertKey(manager: EntityManager, scope: string, key: NewKey): Promise<void> {
  await manager.query(
    `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, state_since)
     VALUES ($1, $2, $3, $4, 'active', clock_timestamp())`,
    [scope, key.keyId, key.algorithm, key.publicKey],
  );
  await manager.query('DELETE FROM ring.prepared_key WHERE scope = $1 AND key_id = $2', [scope, key.keyId]);
}

export const insertRingChange = (manager: EntityManager, ring: KeyRing, change: NewRingChange): Promise<unknown> =>
  manager.insert(RingChangeEntity, {
    scope: ring.scope,
    epoch: ring.epoch,
    change: change.change,
    activeKeyId: change.activeKeyId,
    eventId: change.eventId,
    statement: change.statement?.text ?? null,
    statementHash: change.statement?.hash ?? null,
  });
