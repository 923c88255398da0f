/** What must be true. */
import { FORKED, scopePolicy, trustedKeys as ringKeys } from '@plexsphere/keyring';
import { PLATFORM, publicText, scopeKind } from '@plexsphere/wire';
import { STATEMENT_TYPES, type ChainAnchor } from '@plexsphere/wire/jws';
import { isKeyEvent } from '../../src/trust/key-events';
import { trustedKeys } from '../../src/trust/trust-state';
import type { Message, ModelNode } from './model-node';
import type { ModelRelay } from './model-relay';
import type { ModelRing } from './model-ring';
import type { Plane, Whose } from './plane';
import type { Thief } from './thief';

export class Violation extends Error {}

/** What holds of a Node at every instant. */
export function checkNode(node: ModelNode, now: Date, thief: Thief | undefined): void {
  const { ring, platform, recoveryPublicKey } = node.state;
  for (const anchor of [ring, platform]) {
    if (trustedKeys(anchor, now).length > 2) throw new Violation('more than two keys are trusted');
  }
  if (thief === undefined) return;
  if (thief.isMine(recoveryPublicKey)) throw new Violation("the recovery key is a thief's");
  const has = (anchor: ChainAnchor): boolean =>
    anchor.keys.some(({ publicKey }) => thief.isMine(publicText(publicKey)));
  if (has(platform)) throw new Violation("a thief's key in the platform's anchor");
  // Who has a key of the platform's speaks for it: the Domain's is reached by a revoke.
  if (thief.whose === 'domain' && has(ring)) throw new Violation("a thief's key in the Domain's anchor");
}

/** That a Node holds a ring as it is; `numbersToo`: its epoch as well. */
export function requireTrue(
  plane: Plane,
  { state, scope }: ModelNode,
  of: Whose,
  thief: Thief | undefined,
  numbersToo = false,
): void {
  const { now } = plane;
  const ring = plane.rings[of];
  const anchor = of === 'platform' ? state.platform : state.ring;
  const truth = ringKeys(ring.ring.keys, scopePolicy(scopeKind(ring.scope)), now);
  const held = trustedKeys(anchor, now).map(({ keyId, publicKey }) => `${keyId} ${publicText(publicKey)}`);
  const named = truth.map(({ keyId, state: is }) => ({
    is,
    text: `${keyId} ${publicText(ring.keys.get(keyId)!.privateKey)}`,
  }));
  const lacks = named.filter(({ text, is }) => !held.includes(text) && !(is === 'retiring' && thief !== undefined));
  const extra = held.filter((text) => !named.some((key) => key.text === text));
  const differs = [
    anchor.statementHash !== ring.head.hash && 'head',
    anchor.activeKeyId !== ring.active.keyId && 'active key',
    anchor.next !== ring.next && 'next',
    lacks.length > 0 && `lacks ${lacks.map(({ text }) => text).join()}`,
    extra.length > 0 && `has ${extra.join()}`,
    numbersToo && anchor.epoch !== ring.ring.epoch && `epoch ${anchor.epoch} instead of ${ring.ring.epoch}`,
    of === 'platform' && state.recoveryPublicKey !== publicText(plane.recovery.privateKey) && 'recovery key',
  ].filter((text) => text !== false);
  if (differs.length > 0) throw new Violation(`${of} of a Node in ${scope} is not the true one: ${differs.join(', ')}`);
}

/** The rings of which a Node follows another chain than ours. */
export const forksOf = (plane: Plane, { state, scope }: ModelNode): Whose[] => {
  const isFork = (of: Whose, { statementHash }: ChainAnchor): boolean =>
    !plane.rings[of].statements.some(({ hash }) => hash === statementHash);
  const platform = isFork('platform', state.platform) ? (['platform'] as const) : [];
  return scope !== PLATFORM && isFork('domain', state.ring) ? [...platform, 'domain'] : [...platform];
};

/**
 * That a message is sent in its turn, to a Node that was told so much: what tells of trust before everything else, nothing
 * of a ring on a fork without a way back, and nothing waits for what changes no trust.
 */
export function requireTurn(
  plane: Plane,
  whose: Whose,
  { kind, text, gates = false }: Message,
  { claimed: { told, platformForkedFrom, chain, hello }, shown }: Pick<ModelRelay, 'claimed' | 'shown'>,
): void {
  const lost = {
    own: isLost(plane.rings[whose], shown?.own, whose === 'platform' ? platformForkedFrom : null),
    platform: whose === 'domain' && isLost(plane.rings.platform, shown?.platform, platformForkedFrom),
  };
  if (kind === 'chain') {
    const isWithoutOwn = (JSON.parse(text) as { statements: unknown[] }).statements.length === 0;
    if (lost.platform || (lost.own && (whose === 'platform' || !isWithoutOwn))) {
      throw new Violation('a Node on a fork without a way back is sent a chain');
    }
    const isDue = chain !== null || hello?.corrects === true || told.epoch === FORKED || told.platformEpoch === FORKED;
    const lacks = lacksTrust(plane, whose, told.epoch) || lacksTrust(plane, 'platform', told.platformEpoch);
    if (gates && !isDue && !lacks) throw new Violation('everything waits for what changes no trust');
    return;
  }
  if (lost.own) throw new Violation('a Node on a fork without a way back is sent an event');
  if (isKeyEvent((JSON.parse(text) as { event_type: string }).event_type)) return;
  if (chain !== null || (hello?.corrects === true && !lost.platform)) throw new Violation('an event before a chain');
  const lacks =
    lacksTrust(plane, whose, told.epoch) || (!lost.platform && lacksTrust(plane, 'platform', told.platformEpoch));
  if (lacks) throw new Violation('an event before the news of a key');
}

/** It shows a head that is not ours, and no revoke or rollback by the superior came after what it held before. */
const isLost = ({ statements }: ModelRing, head: string | undefined, forkedFrom: number | null): boolean =>
  head !== undefined &&
  !statements.some(({ hash }) => hash === head) &&
  !statements.some(
    ({ type, bySuperior, epoch }) =>
      (type === 'revoke' || type === 'rollback') && bySuperior && epoch > (forkedFrom ?? 0),
  );

/** By the statements themselves. */
const lacksTrust = ({ rings }: Plane, whose: Whose, toldEpoch: number): boolean =>
  rings[whose].statements.some(({ epoch, type }) => epoch > toldEpoch && STATEMENT_TYPES[type].beside !== 'unchanged');
