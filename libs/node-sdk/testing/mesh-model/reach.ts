/** What is beyond whoever has the bus, and one key or none: to lead back, and to have a key trusted that nobody trusts. */
import { publicText } from '@plexsphere/wire';
import type { ChainAnchor } from '@plexsphere/wire/jws';
import { trustedKeys } from '../../src/trust/trust-state';
import { Violation } from './checks';
import type { Step } from './laws';
import type { ModelNode } from './model-node';
import type { Plane, Whose } from './plane';
import type { Thief } from './thief';

/** A bundle is good for so long: what is shown again meanwhile, nothing tells from the truth. */
const STALE_MS = 300_000;

export function requireUnreached(step: Step, node: ModelNode, plane: Plane, thief: Thief | undefined): void {
  const { before, after } = step;
  const placeOf = (whose: Whose, { statementHash }: ChainAnchor): number =>
    plane.rings[whose].statements.findIndex(({ hash }) => hash === statementHash);
  const goesBack = (whose: Whose, from: ChainAnchor, to: ChainAnchor): boolean =>
    placeOf(whose, to) !== -1 && placeOf(whose, to) < placeOf(whose, from);
  // From one statement of ours to another: who is on a fork is ahead of nothing.
  if (goesBack('platform', before.platform, after.platform)) throw new Violation("the platform's ring went back");
  // Who has a key of the platform's speaks for it: to a Domain's Node he says which of its revokes is the last.
  if (thief?.whose === 'platform') return;
  if (goesBack('domain', before.ring, after.ring)) throw new Violation("the Domain's ring went back");
  const place = placeOf('domain', after.ring);
  if (place !== -1 && place < node.confirmed) throw new Violation("the Domain's ring went back over a fork");
  if (step.message.kind === 'chain' && step.refused === 'nothing') node.confirmed = Math.max(place, node.confirmed);
  if (thief === undefined) return;
  const stolen = publicText(thief.key.privateKey);
  const holds = (anchor: ChainAnchor): boolean =>
    trustedKeys(anchor, plane.now).some(({ publicKey }) => publicKey.text === stolen);
  const isOver = plane.rings.domain.trustedUntilMs(stolen, plane.nowMs) < plane.nowMs - STALE_MS;
  if (isOver && holds(after.ring) && !holds(before.ring))
    throw new Violation('a key that leaked after its time came in');
}
