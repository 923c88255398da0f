import { combineAcks } from './combine-acks';
import type { CountedWord } from './node-word';

const ack = (nodeId: string, epoch: number, position: number, platformEpoch = 1, ring = 'r'): CountedWord => ({
  ...{ nodeId, listens: 'bus', epoch, platformEpoch, position, heads: { ring, platform: 'p' } },
  ...{ aheadEpoch: null, aheadPlatformEpoch: null, isWrong: false },
  ...{ newFork: epoch === 0, newPlatformFork: false },
});

const combine = (...acks: CountedWord[]) => combineAcks(acks, () => 10);

describe('combineAcks', () => {
  it('takes the furthest of each member, in whatever order they come', () => {
    const { settled, refused } = combine(ack('n', 2, 10), ack('n', 3, 4, 2));
    expect(settled).toEqual([ack('n', 3, 10, 2)]);
    expect(refused).toEqual([]);
    expect(combine(ack('n', 3, 4, 2, 'later'), ack('n', 2, 10)).settled).toEqual([ack('n', 3, 10, 2, 'later')]);
  });

  it('refuses a position that nobody was ever told, and keeps the others of that Node', () => {
    const tooFar = ack('n', 1, 11);
    expect(combine(tooFar, ack('n', 2, 5))).toEqual({ settled: [ack('n', 2, 5)], refused: [tooFar] });
  });

  it('shows a fork, whatever position is said beside it', () => {
    const fork = ack('n', 0, 10 ** 15);
    expect(combine(fork)).toEqual({ settled: [ack('n', 0, 0)], refused: [fork] });
  });

  it('takes the later word where the heads are others: a Node may have left our chain, or come back', () => {
    const [ours, fork] = [ack('n', 3, 4), ack('n', 0, 4, 1, 'thief')];
    expect(combine(ours, fork).settled).toEqual([fork]);
    expect(combine(fork, ours).settled).toEqual([ours]);
  });
});
