import { FORKED } from '@plexsphere/keyring';
import type { CountedWord } from './node-word';

/**
 * One acknowledgement a Node, since they are cumulative. One for a position that was never given changes nothing at all,
 * and does not spoil the others of its Node; but a fork is shown, whatever is said beside it.
 */
export function combineAcks(
  acks: readonly CountedWord[],
  lastPositionOf: (nodeId: string) => number,
): { settled: CountedWord[]; refused: CountedWord[] } {
  const settled = new Map<string, CountedWord>();
  const refused: CountedWord[] = [];
  for (const ack of acks) {
    const isCredible = ack.position <= lastPositionOf(ack.nodeId);
    if (!isCredible) refused.push(ack);
    if (isCredible || isForked(ack)) {
      const taken = isCredible ? ack : { ...ack, position: 0 };
      settled.set(ack.nodeId, combined(taken, settled.get(ack.nodeId) ?? taken));
    }
  }
  return { settled: [...settled.values()], refused };
}

const isForked = ({ epoch, platformEpoch }: CountedWord): boolean => epoch === FORKED || platformEpoch === FORKED;

/** Of two that follow our chain the furthest of each member; else the later, since the Node has left it or come back. */
function combined(later: CountedWord, before: CountedWord): CountedWord {
  if (isForked(later) || isForked(before)) return later;
  const own = later.epoch < before.epoch ? before : later;
  const platform = later.platformEpoch < before.platformEpoch ? before : later;
  return {
    ...later,
    epoch: own.epoch,
    platformEpoch: platform.platformEpoch,
    position: Math.max(later.position, before.position),
    heads: { ring: own.heads.ring, platform: platform.heads.platform },
  };
}
