import type { Clocks } from '@plexsphere/keyring';
import type { RingView } from '@plexsphere/wire';
import type { RenewLeaseReply } from '@plexsphere/wire/commands';
import { DOMAIN, privateKeysOf, publicKeyOf, ringOf, rotatedRing } from '@plexsphere/testkit';
import { LeaseTable } from './lease-table';

const L = 9_000;
const D = 3_000;

/** Both clocks, which agree until a test moves one of them. */
class FakeClocks implements Clocks {
  monotonicMs = 50_000;
  wallMs = 1_900_000_000_000;

  pass(ms: number): void {
    this.monotonicMs += ms;
    this.wallMs += ms;
  }

  read(): Clocks {
    return { monotonicMs: this.monotonicMs, wallMs: this.wallMs };
  }
}

let table: LeaseTable;
let clocks: FakeClocks;

const reply = (granted: string[], rings: RingView[] = [], removed: string[] = []): RenewLeaseReply => ({
  lease_ms: L,
  now: new Date(clocks.wallMs).toISOString(),
  granted,
  rings,
  removed,
  recovery_public_key: publicKeyOf('recovery'),
  verifier_cache_ms: 60_000,
});

const answered = (granted: string[], rings: RingView[] = [], removed: string[] = []) =>
  table.answered(clocks.read(), table.epochs(), reply(granted, rings, removed));

const permit = (epoch: number | undefined, durationMs = D) =>
  table.permit({ scope: DOMAIN, epoch }, durationMs, clocks.read());

const heard = (): string[] => [...table.heard(clocks.read()).keys()];

function holding(ring: RingView): void {
  answered([], [ring]);
  table.take(ring, privateKeysOf(ring));
  answered([ring.scope]);
}

beforeEach(() => {
  table = new LeaseTable();
  clocks = new FakeClocks();
});

const first = ringOf(DOMAIN, 1, { a: 'active' });
const second = rotatedRing(DOMAIN, 2, 'a', 'b');

const refusal = (name: string, members = {}) =>
  expect.objectContaining({ body: expect.objectContaining({ detail: `signing: ${name}`, ...members }) });

test('boot: nothing is claimed, the ring is shown, claimed once loaded, and signs once granted', () => {
  expect(table.epochs()).toEqual({});
  expect(answered([], [first]).toLoad).toEqual([first]);
  expect(table.epochs()).toEqual({});
  expect(table.take(first, privateKeysOf(first))).toBe(true);
  expect(table.epochs()).toEqual({ [DOMAIN]: 1 });
  expect(() => permit(1)).toThrow(refusal('no lease'));
  expect(heard()).toEqual([]);
  answered([DOMAIN]);
  expect(permit(1).view).toBe(first);
  expect(heard()).toEqual([DOMAIN]);
});

test('a grant for a scope that was not claimed is no lease', () => {
  answered([DOMAIN]);
  expect(() => permit(undefined)).toThrow(refusal('no lease'));
});

test('the lease counts from before the question, however late the answer', () => {
  holding(first);
  const asked = clocks.read();
  clocks.pass(L - 1);
  table.answered(asked, { [DOMAIN]: 1 }, reply([DOMAIN]));
  expect(heard()).toEqual([DOMAIN]);
  expect(() => permit(1)).toThrow(refusal('no lease'));
  clocks.pass(1);
  expect(heard()).toEqual([]);
});

test('signs only while the lease outlives the duration', () => {
  holding(first);
  clocks.pass(L - D - 1);
  expect(permit(1).view).toBe(first);
  clocks.pass(1);
  expect(() => permit(1)).toThrow(refusal('no lease'));
  expect(permit(1, 1).view).toBe(first);
});

test.each([
  ['paused, by both clocks', (ms: number) => clocks.pass(ms)],
  ['asleep: the wall clock alone went on', (ms: number) => (clocks.wallMs += ms)],
  ['the wall clock stood still', (ms: number) => (clocks.monotonicMs += ms)],
  ['the wall clock was set back', () => (clocks.wallMs -= 1)],
])('%s: the lease is over', (_, happen) => {
  holding(first);
  happen(L);
  expect(() => permit(1, 1)).toThrow(refusal('no lease'));
  expect(heard()).toEqual([]);
  expect(table.nextEndMs(clocks.read())).toBeUndefined();
});

test('the next end is that of the clock that comes first', () => {
  holding(first);
  clocks.monotonicMs += 1_000;
  clocks.wallMs += 1_090;
  expect(table.nextEndMs(clocks.read())).toBe(L - 1_090);
  clocks.monotonicMs += 180;
  expect(table.nextEndMs(clocks.read())).toBe(L - 1_180);
});

test('another epoch is refused with the own one, whichever way', () => {
  holding(second);
  expect(() => permit(1)).toThrow(refusal('epoch mismatch', { epoch: 2 }));
  expect(() => permit(3)).toThrow(refusal('epoch mismatch', { epoch: 2 }));
  expect(permit(undefined).view).toBe(second);
});

test('a newer ring ends the lease of the old one at once; it signs once taken and granted', () => {
  holding(first);
  expect(answered([], [second]).toLoad).toEqual([second]);
  expect(() => permit(1)).toThrow(refusal('no lease'));
  expect(() => permit(2)).toThrow(refusal('epoch mismatch', { epoch: 1 }));
  table.take(second, privateKeysOf(second));
  expect(() => permit(1)).toThrow(refusal('epoch mismatch', { epoch: 2 }));
  expect(() => permit(2)).toThrow(refusal('no lease'));
  answered([DOMAIN]);
  expect(permit(2).view).toBe(second);
});

test('a newer ring beside a grant of the old one: the ring counts', () => {
  holding(first);
  answered([DOMAIN], [second]);
  expect(() => permit(1)).toThrow(refusal('no lease'));
});

test('during a switch requests are still heard, until the old lease would have ended', () => {
  holding(first);
  answered([], [second]);
  expect(heard()).toEqual([DOMAIN]);
  table.take(second, privateKeysOf(second));
  expect(heard()).toEqual([DOMAIN]);
  clocks.pass(L);
  expect(heard()).toEqual([]);
});

test('a ring that cannot be loaded: its epoch is not claimed, no lease is kept, nothing is heard, and it is shown again', () => {
  holding(first);
  answered([], [second]);
  table.notLoaded(second);
  expect(heard()).toEqual([]);
  expect(table.epochs()).toEqual({ [DOMAIN]: 1 });
  expect(() => permit(1)).toThrow(refusal('no lease'));
  expect(answered([], [second]).toLoad).toEqual([second]);
  table.take(second, privateKeysOf(second));
  answered([DOMAIN]);
  expect(permit(2).view).toBe(second);
});

test('what is neither granted nor shown is over at once', () => {
  holding(first);
  answered([]);
  expect(() => permit(1, 1)).toThrow(refusal('no lease'));
  expect(heard()).toEqual([]);
});

test('an epoch never goes back: the ring is refused, the lease is gone, the later epoch is still claimed', () => {
  holding(second);
  const outcome = answered([], [first]);
  expect(outcome).toMatchObject({ toLoad: [], refused: [{ scope: DOMAIN, epoch: 1, seenEpoch: 2 }] });
  expect(() => permit(2, 1)).toThrow(refusal('no lease'));
  expect(heard()).toEqual([]);
  expect(table.take(first, privateKeysOf(first))).toBe(false);
  expect(table.epochs()).toEqual({ [DOMAIN]: 2 });
});

test('a grant of an epoch older than one that was shown is refused, though its ring was never taken', () => {
  holding(first);
  answered([], [second]);
  table.notLoaded(second);
  expect(answered([DOMAIN]).refused).toEqual([{ scope: DOMAIN, epoch: 1, seenEpoch: 2 }]);
  expect(() => permit(1, 1)).toThrow(refusal('no lease'));
});

test('the same epoch with another key is a past that was lived twice', () => {
  holding(second);
  const fork = rotatedRing(DOMAIN, 2, 'a', 'c');
  expect(answered([], [fork])).toMatchObject({ toLoad: [], refused: [{ scope: DOMAIN, epoch: 2, seenEpoch: 2 }] });
});

test('an answer from before the ring was taken says nothing of it', () => {
  holding(first);
  const asked = clocks.read();
  const claimed = table.epochs();
  answered([], [second]);
  table.take(second, privateKeysOf(second));
  expect(table.answered(asked, claimed, reply([DOMAIN]))).toEqual({ toLoad: [], refused: [], dropped: [] });
  expect(() => permit(2)).toThrow(refusal('no lease'));
  answered([DOMAIN]);
  table.answered(asked, claimed, reply([]));
  expect(permit(2).view).toBe(second);
});

test('a ring that was loaded too late, after a newer one was shown, is not taken', () => {
  answered([], [first]);
  answered([], [second]);
  expect(table.take(first, privateKeysOf(first))).toBe(false);
  expect(table.take(second, privateKeysOf(second))).toBe(true);
});

test('scopes are apart: one that goes back does not touch the other', () => {
  const platform = ringOf('platform', 5, { p: 'active' });
  holding(platform);
  answered(['platform'], [second]);
  table.take(second, privateKeysOf(second));
  answered(['platform', DOMAIN]);
  answered(['platform'], [first]);
  expect(heard()).toEqual(['platform']);
  expect(table.permit({ scope: 'platform', epoch: 5 }, D, clocks.read()).view).toBe(platform);
});

test('a lease that is no duration is none', () => {
  answered([], [first]);
  table.take(first, privateKeysOf(first));
  table.answered(clocks.read(), table.epochs(), { ...reply([DOMAIN]), lease_ms: Number.NaN });
  expect(() => permit(1, 1)).toThrow(refusal('no lease'));
});

test('S8: what rotation has shown an older ring after is proved by the statement of the ring that was seen', () => {
  holding(second);
  expect(table.proofs()).toEqual([]);
  answered([], [first]);
  expect(table.proofs()).toEqual([[DOMAIN, second.statement]]);
  // Settled: rotation knows it again.
  answered([], [rotatedRing(DOMAIN, 3, 'b', 'c')]);
  expect(table.proofs()).toEqual([]);
});

test('S8: a grant of an epoch older than one that was shown is answered by its proof, too', () => {
  holding(first);
  answered([], [second]);
  table.notLoaded(second);
  answered([DOMAIN]);
  expect(table.proofs()).toEqual([[DOMAIN, second.statement]]);
});

test('a close alone has no statement, so there is nothing to prove it by', () => {
  holding(ringOf(DOMAIN, 3, { b: 'active' }, { trust_epoch: 2, head_epoch: 2 }));
  answered([], [second]);
  expect(table.proofs()).toEqual([]);
  answered([], [first]);
  expect(table.proofs()).toHaveLength(1);
});

test('P-3: what is given back signs nothing and is not heard, and is claimed again later', () => {
  holding(first);
  table.giveBack();
  expect(() => permit(1, 1)).toThrow(refusal('no lease'));
  expect(heard()).toEqual([]);
  expect(table.epochs()).toEqual({ [DOMAIN]: 1 });
  answered([DOMAIN]);
  expect(permit(1).view).toBe(first);
});

test('a ring that is removed is dropped, keys and all, and claimed no more; one that was never held is no news', () => {
  holding(first);
  expect(answered([], [], [DOMAIN, 'domain:unheard']).dropped).toEqual([DOMAIN]);
  expect(table.ring(DOMAIN)).toBeUndefined();
  expect(table.epochs()).toEqual({});
  expect(heard()).toEqual([]);
  expect(() => permit(undefined, 1)).toThrow(refusal('no lease'));
});
