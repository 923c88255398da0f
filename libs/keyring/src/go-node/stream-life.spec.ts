import type { GoNode } from './go-node';
import type { GoRing } from './go-ring';
import { beginStream } from './stream-life';

const now = new Date('2026-01-01T00:00:00Z');
const ring: GoRing = {
  trustEpoch: 1,
  keys: [{ keyId: 'k1', state: 'active', verifiesUntil: null }],
  changes: [{ epoch: 1, activeKeyId: 'k1', previousKeyId: null, previousUntil: null }],
};
const node: GoNode = {
  ...{ settledEpoch: 1, toldEpoch: 1, toldSince: [1], settledPosition: 5, lastPosition: 9, ready: null },
  ...{ helloId: null, isHelloUnanswered: false, hasUnsettled: false, waits: false, wordAt: null },
};
const readAt = '2026-01-01T00:00:00.000000Z';

test.each([
  ['an id that was given', 7, 7],
  ['the last one that was given', 9, 9],
  ['one that nobody gave: what is ours would be taken for something that the Node has', 10, 0],
  ['one that nobody gave, as large as there are', 9e17, 0],
  ['none', null, 0],
])('what is written to a stream rises above %s', (_, id, lastId) => {
  const presented = id === null ? null : { id, issuedAt: null };
  const { stream } = beginStream(
    { id: 's', patienceMs: 8_000 },
    presented,
    { node, ring, readAt, lastSequence: 3 },
    now,
  );
  expect(stream.lastId).toBe(lastId);
});
