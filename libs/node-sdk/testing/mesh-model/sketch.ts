/**
 * What of a state matters for all that can come after it, as text: so that a search takes as one what differs only in
 * names, in how it came about, or in what everybody has long since taken. Epochs are counted back from where their ring is,
 * keys by their place among those that somebody may know, and of times it says which wait ends them.
 */
import { isTrusted } from '@plexsphere/keyring';
import type { ChainAnchor, RingsWalk } from '@plexsphere/wire/jws';
import type { MeshModel } from './mesh-model';
import { SPANS, WAITS_MS, type ModelRing } from './model-ring';
import type { ModelNode } from './model-node';
import type { ModelRelay } from './model-relay';
import type { Whose } from './plane';

export function sketchOf({ plane, ends }: MeshModel, whose: Whose): string {
  const { node, relay } = ends[whose];
  const [own, platform] = [plane.rings[whose], plane.rings.platform];
  const [known, theirs] = knownEpochs(node, relay);
  const from = least(known);
  const authority = own.history().authorityAfter(from);
  const theirFrom = least([...theirs, authority === null ? undefined : platform.history().activeNamedAt(authority)]);
  const sides = [ringSketch(platform, theirFrom, theirs, node.state.platform, plane.nowMs)];
  if (own !== platform) sides.push(ringSketch(own, from, known, node.state.ring, plane.nowMs));
  const vouched = own.statements
    .filter(({ epoch }) => epoch > from)
    .map(({ authorityEpoch }) => authorityEpoch && platform.ring.epoch - authorityEpoch);
  return JSON.stringify([
    sides,
    vouched,
    streamSketch(node, relay, plane.nowMs),
    node.walked && walkSketch(node.walked),
  ]);
}

type Epochs = readonly (number | undefined)[];

/** Of each ring what the Node holds and what its relay takes it to hold. */
function knownEpochs({ state }: ModelNode, { told, settled, hello, chain }: ModelRelay): [Epochs, Epochs] {
  return [
    [state.ring.headEpoch, state.ring.epoch, told.epoch, settled.epoch, hello?.counts.epoch, chain?.own?.afterEpoch],
    [
      ...[state.platform.headEpoch, state.platform.epoch, told.platformEpoch, settled.platformEpoch],
      ...[hello?.counts.platformEpoch, chain?.platform.afterEpoch],
    ],
  ];
}

function ringSketch(
  { ring, rings, statements, transition }: ModelRing,
  from: number,
  known: Epochs,
  anchor: ChainAnchor,
  nowMs: number,
): unknown {
  const since = rings.slice(from - 1).map(({ keys }) => keys.filter(({ state }) => isTrusted(state)));
  const held = new Set([...since.flat(), ...anchor.keys].map(({ keyId }) => keyId));
  const names = ring.keys.map(({ keyId }) => keyId).filter((keyId) => held.has(keyId));
  const name = (keyId: string): number => names.indexOf(keyId);
  const back = (epoch: number | undefined): number | null => (epoch === undefined ? null : ring.epoch - epoch);
  const propagated = (at: Date | null): Date | null => at && new Date(at.getTime() + SPANS.propagationDelayMs);
  return [
    known.map(back),
    back(ring.trustEpoch),
    since.map((keys) => keys.map(({ keyId, state }) => `${name(keyId)} ${state}`)),
    since
      .at(-1)!
      .map((key) => [key.verifiesUntil, key.rotateBy, propagated(key.stagedAt)].map((at) => span(at, nowMs))),
    transition && [transition.outcome, name(transition.oldKeyId), name(transition.newKeyId)],
    statements
      .filter(({ epoch }) => epoch > from)
      .map(({ epoch, type, bySuperior }) => [back(epoch), type, bySuperior]),
    anchor.keys.map(({ keyId, notAfter = null }) => [name(keyId), span(notAfter, nowMs)]),
  ];
}

function streamSketch(
  node: ModelNode,
  { hello, helloId, chain, sequence, answeredAtMs }: ModelRelay,
  nowMs: number,
): unknown {
  return [
    hello && [hello.isTaken, hello.corrects, hello.id === node.helloId],
    [node.isWaiting, helloId === node.helloId, node.sequence === undefined ? null : node.sequence === sequence],
    // How far it goes back before that is all that a search without forks can find here.
    chain && chain.platform.afterEpoch - chain.platform.wholeFrom,
    hello === null ? Math.min(3, Math.round((nowMs - answeredAtMs) / 1_000)) : null,
  ];
}

const walkSketch = ({ platform, ring }: RingsWalk): unknown =>
  [platform, ring].map((walk) =>
    walk === null || walk instanceof Error
      ? null
      : [walk.from.headEpoch - walk.anchor.headEpoch, walk.loose.length, walk.isReplaced, walk.activeSince.length],
  );

function span(at: Date | null, nowMs: number): number | null {
  if (at === null) return null;
  const ms = at.getTime() - nowMs;
  return ms <= 0 ? 0 : (WAITS_MS as readonly number[]).filter((wait) => wait < ms).length + 1;
}

const least = (epochs: readonly (number | undefined)[]): number =>
  Math.min(...epochs.map((epoch) => epoch ?? Infinity));
