/** What must be true. */
import { trustedKeys as ringKeys, scopePolicy } from '@plexsphere/keyring';
import { PLATFORM, publicText, scopeKind } from '@plexsphere/wire';
import type { ChainAnchor } from '@plexsphere/wire/jws';
import { trustedKeys } from '../../src/trust-state';
import type { Message, ModelNode } from './model-node';
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

/** That a Node holds the rings as they are; `numbersToo`: their epochs as well. */
export function compare(
  plane: Plane,
  { state, scope }: ModelNode,
  whose: Whose,
  { thief, numbersToo }: { thief: Thief | undefined; numbersToo: boolean },
): void {
  const { now } = plane;
  const pairs: [string, ChainAnchor, Whose][] = [
    [`${whose} Node's platform`, state.platform, 'platform'],
    [`${whose} Node's ring`, state.ring, scope === PLATFORM ? 'platform' : 'domain'],
  ];
  for (const [name, anchor, of] of pairs) {
    const ring = plane.rings[of];
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
    ].filter((text) => text !== false);
    if (differs.length > 0) throw new Violation(`${name} is not the true one: ${differs.join(', ')}`);
  }
  if (state.recoveryPublicKey !== publicText(plane.recovery.privateKey)) {
    throw new Violation(`${whose} Node's recovery key is not the true one`);
  }
}

/** Of a ring on a fork without a way back nothing is sent; of the other one what needs no bundle, or no statement of it. */
export function mayHear({ kind, text }: Message, lost: readonly Whose[], whose: Whose): boolean {
  if (lost.length === 0) return true;
  if (lost.includes(whose)) return lost.length === 1 && whose === 'domain' && isChainWithoutOwn(kind, text);
  return kind === 'event';
}

const isChainWithoutOwn = (kind: Message['kind'], text: string): boolean =>
  kind === 'chain' && (JSON.parse(text) as { statements: unknown[] }).statements.length === 0;
