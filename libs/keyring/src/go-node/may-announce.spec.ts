/** Which key announces to a Node that holds an epoch, and until when it verifies by it, whatever else it was shown since. */
import { at, change, firstRing, keys, rotatedRing } from '../../testing/go-node-facts';
import type { GoRing } from './go-ring';
import { announcer, mayAnnounce } from './may-announce';

const NOW = at(0);
const staged: GoRing = {
  trustEpoch: 2,
  keys: keys('active', 'staged'),
  changes: [change(1, 'd1'), change(2, 'd1', ['d1', at(3_600)])],
};
const closed: GoRing = { ...rotatedRing(), keys: keys('retired', 'active').slice(1) };
/** d1 → d2, and back: who heard of the first change alone drops d1 at its end. */
const rolledBack: GoRing = {
  trustEpoch: 3,
  keys: keys('active', 'retiring'),
  changes: [change(1, 'd1'), change(2, 'd2', ['d1', at(90)]), change(3, 'd1', ['d2', at(600)])],
};

test.each<[string, number, GoRing, string]>([
  ['the active one, of a ring that has had no change', 1, firstRing(), 'd1'],
  ['the one of before', 1, rotatedRing(), 'd1'],
  ['the active one, once it is told', 2, rotatedRing(), 'd2'],
  ['the active one, beside a staged key', 2, staged, 'd1'],
])('the key that was active then announces: %s', (_, epoch, ring, keyId) => {
  expect(announcer(epoch, ring)).toBe(keyId);
  expect(mayAnnounce(epoch, ring, NOW)).toBe(true);
});

test.each<[string, number, GoRing]>([
  ['whose key is retired', 1, closed],
  ['that is longer ago than changes are known', 1, { ...rotatedRing(), changes: rotatedRing().changes.slice(1) }],
  ['whose key is staged only', 1, { ...firstRing(), keys: keys('staged') }],
])('nobody announces to an epoch %s', (_, epoch, ring) => expect(mayAnnounce(epoch, ring, NOW)).toBe(false));

test('nobody announces with less than 60 s left of what was told', () => {
  expect(mayAnnounce(1, rotatedRing(), at(3_600 - 61))).toBe(true);
  expect(mayAnnounce(1, rotatedRing(), at(3_600 - 60))).toBe(false);
});

test('the end that its own change told counts too: a stage names the active key beside the staged one', () => {
  expect(mayAnnounce(2, staged, at(3_600 - 60))).toBe(false);
});

test('a rotation that was taken back has told an end to whoever heard of that alone', () => {
  expect(mayAnnounce(1, rolledBack, at(29))).toBe(true);
  expect(mayAnnounce(1, rolledBack, at(30))).toBe(false);
  // Whoever was told of the rollback holds d1 without an end.
  expect(mayAnnounce(3, rolledBack, at(3_000))).toBe(true);
});
