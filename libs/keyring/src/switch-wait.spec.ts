import { outlasting } from './lease';
import { SwitchWait } from './switch-wait';

const L = 10_000;
const D = 1_000;
const COMMIT = 50_000;
const begin = () => new SwitchWait(COMMIT, { leaseMs: L, signingDurationMs: D });
const of = (holder: string, leaseMs = L) => ({ holder, leaseMs });

test('P2: after the last confirmation more than D passes: exactly D is one instant too short', () => {
  const wait = begin();
  wait.look(COMMIT + 5, [of('a'), of('b')]);
  wait.look(COMMIT + 30, [of('b')]);
  expect(wait.isClear).toBe(false);
  wait.look(COMMIT + 50, []);
  expect(wait.isClear).toBe(true);
  expect(wait.endsAtMs).toBeGreaterThan(COMMIT + 50 + D);
  expect(wait.endsAtMs).toBe(COMMIT + 50 + outlasting(D));
  expect(wait.lapsed).toEqual([]);
});

test('D counts from the first look that finds nobody, when the last one to confirm was late', () => {
  const wait = begin();
  wait.look(COMMIT + 5_000, [of('late')]);
  wait.look(COMMIT + 5_020, []);
  wait.look(COMMIT + 5_500, []);
  expect(wait.endsAtMs).toBe(COMMIT + 5_020 + outlasting(D));
});

test('leases that ran out need no D beside L: what they signed is accepted within the lease', () => {
  const wait = begin();
  wait.look(COMMIT + L, [of('paused')]);
  expect(wait.endsAtMs).toBe(COMMIT + outlasting(L));
  expect(wait.lapsed).toEqual(['paused']);
});

test('some confirm late while others lapse: L covers both', () => {
  const wait = begin();
  wait.look(COMMIT + L - 100, [of('late'), of('paused')]);
  wait.look(COMMIT + L - 50, [of('paused')]);
  expect(wait.endsAtMs).toBe(COMMIT + outlasting(L));
  expect(wait.lapsed).toEqual(['paused']);
});

test('the last one confirms just before L: L has paid for what it had answered', () => {
  const wait = begin();
  wait.look(COMMIT + L - 50, []);
  expect(wait.endsAtMs).toBe(COMMIT + outlasting(L));
});

test('no look at all: L, which needs no database', () => {
  expect(begin().endsAtMs).toBe(COMMIT + outlasting(L));
});

test('a lease that was granted for longer is waited for as long', () => {
  const wait = begin();
  wait.look(COMMIT + 5, [of('a', 12_000)]);
  expect(wait.endsAtMs).toBe(COMMIT + outlasting(12_000));
});

test.each([1, 999, 1_000, 13_500])('outlasting %i ms is more, by a clock that is slewed 500 ppm each way', (ms) => {
  expect(outlasting(ms) * (1 - 500e-6)).toBeGreaterThan(ms * (1 + 500e-6));
});
