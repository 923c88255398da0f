import { randomUUID } from 'node:crypto';
import { activeKey, stagedKey, type Key, type KeyRing, type RingChange } from '@plexsphere/keyring';
import {
  KeyRingEntity,
  SigningKeyEntity,
  TransitionEntity,
  insertKey,
  insertRingChange,
  type MadeKey,
  type MadeStatement,
} from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { tellMembers } from '../channels/tell-members';
import { tellOfKeys, type ToldOfKeys } from '../events/tell-of-keys';
import { endPromotionWith } from '../rotator/promotions';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import type { StoredRing } from './read-ring';
import { ringRecord } from './ring-view';

/** What the domain decided, and what is written beside it. */
interface NewRingChange {
  /** As it was read under the scope's lock. */
  before: StoredRing;
  after: RingChange;
  /** By the database's clock. */
  at: Date;
  identity: RequestIdentity;
  reason: string | null;
  /** What signers made for it: a key where one comes in, a statement where others follow the change by it. */
  made: { key: MadeKey | null; statement: MadeStatement | null };
  /** For the audit log alone. */
  detail: object;
}

/** How many Nodes have a row of it: the scope's own, and all others; null where none of those are told. */
export type Told = ToldOfKeys;

/**
 * Writes a change of a ring and all that goes with it, in the caller's transaction and under the scope's lock: whatever
 * commits of it, the whole commits. Each part is written in an order that the unique indexes allow at every instant
 * (one active key a ring, one open transition a scope), whatever the domain made of the ring.
 */
export async function applyRingChange(manager: EntityManager, applied: NewRingChange): Promise<Told> {
  const { before, after, identity, made, detail } = applied;
  const { change, ring } = after;
  await writeEpoch(manager, before.ring, ring);
  await writeKeys(manager, before.ring, ring, made.key);
  await writeTransition(manager, applied);
  const activeKeyId = activeKey(ring).keyId;
  const stagedKeyId = stagedKey(ring)?.keyId ?? null;
  await endPromotionWith(manager, { scope: ring.scope, stagedKeyId, activeKeyId, at: applied.at });
  const eventId = randomUUID();
  await insertRingChange(manager, ring, change, eventId, made.statement);
  const told = await tellNodes(manager, before, after, eventId);
  await writeAudit(manager, identity, {
    ...{ scope: ring.scope, before: ringRecord(before.ring), after: ringRecord(ring), detail },
  });
  return told;
}

/** The lock leaves nobody between the reading and this; a ring that moved all the same is not written over. */
async function writeEpoch(
  manager: EntityManager,
  before: KeyRing,
  { scope, epoch, trustEpoch }: KeyRing,
): Promise<void> {
  const { affected } = await manager.update(KeyRingEntity, { scope, epoch: before.epoch }, { epoch, trustEpoch });
  if (affected !== 1) throw problem('epochMismatch', { epoch: before.epoch });
}

/** What leaves `active` first, and what enters it last. */
async function writeKeys(manager: EntityManager, before: KeyRing, after: KeyRing, made: MadeKey | null): Promise<void> {
  const { scope, keys } = after;
  const was = new Map(before.keys.map((key) => [key.keyId, key.state]));
  const rank = (key: Key): number => (key.state === 'active' ? 2 : was.get(key.keyId) === 'active' ? 0 : 1);
  const changed = keys.filter((key) => was.get(key.keyId) !== key.state).sort((one, other) => rank(one) - rank(other));
  await moveForeign(manager, before, { scope, keys });
  for (const key of changed) {
    const { keyId, state, verifiesUntil } = key;
    if (was.has(keyId)) {
      const stateSince = () => 'clock_timestamp()';
      // What is known of the tokens of a key that signs no more is whoever's who finishes the switch.
      const signs = state === 'active' ? { tokensUntil: null } : {};
      await manager.update(SigningKeyEntity, { scope, keyId }, { state, stateSince, verifiesUntil, ...signs });
    } else {
      if (made === null) throw new Error(`ring ${scope} gets a key that nobody made`);
      await insertKey(manager, after, key, made);
    }
  }
  const { keyId, longestTokenMs } = activeKey({ keys });
  if (longestTokenMs !== null) await manager.update(SigningKeyEntity, { scope, keyId }, { longestTokenMs });
}

/** Keys of other services that were imported again. */
async function moveForeign(
  manager: EntityManager,
  before: KeyRing,
  after: Pick<KeyRing, 'scope' | 'keys'>,
): Promise<void> {
  for (const { keyId, foreign, verifiesUntil, tokensUntil, longestTokenMs } of after.keys) {
    const was = before.keys.find((key) => key.keyId === keyId)?.foreign;
    if (foreign === null || was === undefined || was === foreign) continue;
    const { kid: jwkKid, signsUntil: foreignSignsUntil } = foreign;
    const terms = { jwkKid, foreignSignsUntil, verifiesUntil, tokensUntil, longestTokenMs };
    await manager.update(SigningKeyEntity, { scope: after.scope, keyId }, terms);
  }
}

/** The one that was open ends before another begins. */
async function writeTransition(
  manager: EntityManager,
  { before, after: { ring, transition }, at, identity, reason }: NewRingChange,
): Promise<void> {
  const { actor, requestId } = identity;
  const wasOpen = before.transition?.outcome === null ? before.transition : null;
  // Before the first, or none of this change's business.
  if (transition === null) return;
  if (wasOpen !== null && transition.outcome !== null) {
    await manager.update(
      TransitionEntity,
      { id: wasOpen.id },
      { outcome: transition.outcome, endedAt: at, endedEpoch: ring.epoch, endedBy: actor, endRequestId: requestId },
    );
  } else if (wasOpen === null && transition.outcome === null) {
    await manager.insert(TransitionEntity, { ...transition, openedEpoch: ring.epoch, reason, actor, requestId });
  } else if (wasOpen !== null && wasOpen.activatedAt === null) {
    // Its key signs from now on, and the window with it. Whatever else is changed meanwhile leaves it as it was.
    const { activatedAt, closesAt, transitionExpires } = transition;
    await manager.update(TransitionEntity, { id: wasOpen.id }, { activatedAt, closesAt, transitionExpires });
  }
}

/**
 * What changes whom a Node trusts is a key event; what does not is told by a chain message. Whoever has the ring as one of
 * their anchors only is told what a statement says, not that a key has left it.
 */
async function tellNodes(
  manager: EntityManager,
  { policy: { tells, gate }, members }: StoredRing,
  after: RingChange,
  eventId: string,
): Promise<Told> {
  const { ring, statement } = after;
  const { scope, epoch, trustEpoch } = ring;
  if (gate === 'members') return { nodes: await tellMembers(manager, after, members), otherNodes: null };
  if (tells.ownNodes === null) return { nodes: 0, otherNodes: null };
  const isOfTrust = epoch === trustEpoch;
  const eventType = isOfTrust ? tells.ownNodes : 'chain';
  return tellOfKeys(
    manager,
    { eventId, scope, eventType, epoch },
    { ownNodes: isOfTrust ? 'all' : 'readers', otherNodes: statement !== null && tells.otherNodes !== null },
  );
}
