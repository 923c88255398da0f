import { combineAcks } from './combine-acks';

const ack = (nodeId: string, epoch: number, position: number, platformEpoch = 1) => ({
  nodeId,
  epoch,
  platformEpoch,
  position,
});
const limits = new Map([['n', { epoch: 3, platformEpoch: 2, lastPosition: 10 }]]);

describe('combineAcks', () => {
  it('takes the furthest of each member, in whatever order they come', () => {
    const { settled, refused } = combineAcks([ack('n', 2, 10), ack('n', 3, 4, 2)], limits);
    expect(settled).toEqual([ack('n', 3, 10, 2)]);
    expect(refused).toEqual([]);
  });

  it.each([
    ['an epoch', ack('n', 4, 1)],
    ['a platform epoch', ack('n', 1, 1, 3)],
    ['a position', ack('n', 1, 11)],
  ])('refuses %s that nobody was ever told, and keeps the others of that Node', (_, tooFar) => {
    expect(combineAcks([tooFar, ack('n', 2, 5)], limits)).toEqual({ settled: [ack('n', 2, 5)], refused: [tooFar] });
  });

  it('passes over a Node that is not enrolled', () => {
    expect(combineAcks([ack('stranger', 1, 1)], limits)).toEqual({ settled: [], refused: [] });
  });
});
