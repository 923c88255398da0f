import { hasStatements, type KeyRing, type RingChange, type StatementTerms } from '@plexsphere/keyring';
import { PLATFORM, problem } from '@plexsphere/wire';
import { isStatementType, type StatementType } from '@plexsphere/wire/jws';
import type { DataSource } from 'typeorm';
import type { HeldKey } from '../rotations/preparation';
import { existing, snapshotRing, type StoredRing } from './read-ring';

/** What the statement of a change is to say. A change without one is written by whoever decides it. */
export function statedTerms({ change, statement }: RingChange): { type: StatementType; terms: StatementTerms } {
  if (statement === null || !isStatementType(change)) throw new Error(`a ${change} is proven by no statement`);
  return { type: change, terms: statement };
}

/**
 * What signers are asked to make. In a ring without statements that is a key alone, under the terms of its rotation; null
 * where none comes in.
 */
export function termsToMake(
  { policy }: StoredRing,
  after: RingChange,
): { type: StatementType; terms: StatementTerms } | null {
  if (hasStatements(policy) || after.statement?.introduces === true) return statedTerms(after);
  const { change, transition } = after;
  if (change !== 'rotate' || transition === null) return null;
  const { oldKeyId, newKeyId, closesAt, transitionExpires } = transition;
  return {
    type: 'rotate',
    terms: { oldKeyId, newKeyId, introduces: true, bySuperior: false, closesAt, transitionExpires },
  };
}

/** What proves the key that is to sign afterwards, where the ring holds it and it does not sign yet. */
export function takesOver({ keys }: StoredRing, { ring }: RingChange): HeldKey | null {
  const active = ring.keys.find(({ state }) => state === 'active');
  const held = keys.find(({ keyId }) => keyId === active?.keyId);
  if (held === undefined || held.state === 'active') return null;
  const { keyId, publicKey, checkValue } = held;
  return { keyId, publicKey, checkValue };
}

/**
 * The ring whose active key vouches for a change of this one, as it is now.
 * @throws Problem recoveryKeyNeeded where it is the recovery key that has to, which no signer has
 */
export async function vouchingRing(
  database: DataSource,
  { bySuperior }: StatementTerms,
  { ring, policy: { superior } }: StoredRing,
): Promise<Pick<KeyRing, 'scope' | 'epoch'>> {
  if (!bySuperior) return ring;
  if (superior === 'recovery_key') throw problem('recoveryKeyNeeded');
  return (await existing(snapshotRing(database, PLATFORM))).ring;
}
