import { scopePolicy, type Key, type KeyRing, type ScopePolicy } from '@plexsphere/keyring';
import { IssuerEntity, KeyRingEntity, RingChangeEntity, SigningKeyEntity, TransitionEntity } from '@plexsphere/store';
import { problem, scopeKind } from '@plexsphere/wire';
import { readMembers, type RingMember } from '../channels/read-members';
import { readDecisions, type PolicyDecisions } from '../policies/policy-decisions';
import { IsNull, Not, type DataSource, type EntityManager } from 'typeorm';

/** A scope's ring as the domain sees it, with the rows that stand behind it. */
export interface StoredRing {
  ring: KeyRing;
  /** What the product fixes for rings of this kind. */
  policy: ScopePolicy;
  keys: SigningKeyEntity[];
  /** The latest transition, open or ended; null before the first. */
  transition: TransitionEntity | null;
  /** The last change with a statement; null in a ring that has none. */
  head: RingChangeEntity | null;
  /** What it goes by beyond the service's settings. */
  decided: PolicyDecisions;
  /** What it has beside its keys where they sign tokens; null of any other. */
  issuer: IssuerEntity | null;
  /** Who holds its secrets, of a channel's; nobody of any other. */
  members: RingMember[];
  /** Whether nobody signs or serves by an earlier epoch any more, and that is recorded. */
  isSwitched: boolean;
}

/** @throws Refusal `invariant_violation` where no ring can be of the scope's kind */
export const policyOf = (scope: string): ScopePolicy => scopePolicy(scopeKind(scope));

export const asKey = (row: SigningKeyEntity): Key => {
  const { keyId, state, verifiesUntil, stagedAt, publishedAt, rotateBy, longestTokenMs, tokensUntil } = row;
  const { foreignSignsUntil: signsUntil, jwkKid: kid } = row;
  return {
    ...{ keyId, state, verifiesUntil, stagedAt, publishedAt, rotateBy, longestTokenMs, tokensUntil },
    foreign: signsUntil === null ? null : { kid, signsUntil },
  };
};

/** The ring of one instant: several statements, so outside a scope's lock they share one snapshot. */
export const snapshotRing = (database: DataSource, scope: string): Promise<StoredRing | undefined> =>
  database.transaction('REPEATABLE READ', (manager) => readRing(manager, scope));

/** Under the scope's lock. Undefined where the scope has no ring. */
export async function readRing(manager: EntityManager, scope: string): Promise<StoredRing | undefined> {
  const stored = await manager.findOneBy(KeyRingEntity, { scope });
  if (stored === null) return undefined;
  const { epoch, trustEpoch } = stored;
  const keys = await manager.find(SigningKeyEntity, { where: { scope }, order: { createdAt: 'ASC', keyId: 'ASC' } });
  const [transition = null] = await manager.find(TransitionEntity, {
    where: { scope },
    order: { openedEpoch: 'DESC' },
    take: 1,
  });
  const [head = null] = await manager.find(RingChangeEntity, {
    where: { scope, statement: Not(IsNull()) },
    order: { epoch: 'DESC' },
    take: 1,
  });
  const ring = { scope, epoch, trustEpoch, keys: keys.map(asKey) };
  return {
    ...{ ring, policy: policyOf(scope), keys, transition, head },
    decided: await readDecisions(manager, scope),
    issuer: await manager.findOneBy(IssuerEntity, { scope }),
    members: await readMembers(manager, scope),
    isSwitched: !(await manager.existsBy(RingChangeEntity, { scope, switchedAt: IsNull() })),
  };
}

/** @throws Problem unknownScope */
export async function existing(found: Promise<StoredRing | undefined>): Promise<StoredRing> {
  const stored = await found;
  if (stored === undefined) throw problem('unknownScope', { field: 'scope' });
  return stored;
}
