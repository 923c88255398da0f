import type { KeyRing, RingChange, StatementTerms } from '@plexsphere/keyring';
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

/** The public half of the key that is to sign afterwards, where the ring holds it and it does not sign yet. */
export function takesOver({ keys }: StoredRing, { ring }: RingChange): HeldKey | null {
  const active = ring.keys.find(({ state }) => state === 'active');
  const held = keys.find(({ keyId }) => keyId === active?.keyId);
  return held === undefined || held.state === 'active' ? null : { keyId: held.keyId, publicKey: held.publicKey };
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
