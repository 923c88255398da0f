import { DOMAIN, privateKeysOf, publicKeyOf, ringOf, rotatedRing } from '@plexsphere/testkit';
import type { RingView } from '@plexsphere/wire';
import { readClocks } from './database-clock';
import { LeaseGuard } from './lease-guard';
import type { LeaseKeeper } from './lease-keeper';
import { LeaseTable } from './lease-table';

const L = 9_000;
const D = 3_000;
const first = ringOf(DOMAIN, 1, { a: 'active' });
const second = rotatedRing(DOMAIN, 2, 'a', 'b');

let table: LeaseTable;
let keeper: { renew: jest.Mock; settled: jest.Mock };
let guard: LeaseGuard;

const answered = (granted: string[], rings: RingView[] = []) =>
  table.answered(readClocks(), table.epochs(), {
    lease_ms: L,
    now: new Date().toISOString(),
    granted,
    rings,
    removed: [],
    recovery_public_key: publicKeyOf('recovery'),
    verifier_cache_ms: 60_000,
  });

function take(ring: RingView): void {
  answered([], [ring]);
  table.take(ring, privateKeysOf(ring));
  answered([ring.scope]);
}

const signAt = (epoch: number | undefined, make: () => unknown = () => 'signed') =>
  guard.under([{ scope: DOMAIN, epoch }], D, make);

beforeEach(() => {
  jest.useFakeTimers();
  table = new LeaseTable();
  keeper = { renew: jest.fn(), settled: jest.fn(async () => undefined) };
  guard = new LeaseGuard(table, keeper as unknown as LeaseKeeper);
  take(first);
});

afterEach(() => jest.useRealTimers());

test('under a lease at that epoch it signs, without a delay', async () => {
  await expect(signAt(1)).resolves.toBe('signed');
  await expect(signAt(undefined)).resolves.toBe('signed');
  expect(keeper.settled).not.toHaveBeenCalled();
});

test('what is made at once is there at once, and looked at before and after in the same way', () => {
  const atOnce = (make: () => unknown, epoch = 1) => guard.atOnceUnder([{ scope: DOMAIN, epoch }], D, make);
  expect(atOnce(() => 'signed')).toBe('signed');
  expect(() => atOnce(() => jest.advanceTimersByTime(L - D))).toThrow('signing: no lease');
  answered([DOMAIN]);
  expect(() => atOnce(() => take(second))).toThrow('signing: epoch mismatch');
  expect(() => atOnce(() => 'signed')).toThrow('signing: epoch mismatch');
  expect(atOnce(() => 'signed', 2)).toBe('signed');
});

test('what has to be waited for is a promise: a ring that is late, and what is made later', async () => {
  const later = guard.atOnceUnder([{ scope: DOMAIN, epoch: 1 }], D, () => Promise.resolve('signed'));
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe('signed');
  keeper.settled.mockImplementation(async () => take(second));
  const caughtUp = guard.atOnceUnder([{ scope: DOMAIN, epoch: 2 }], D, () => 'signed');
  expect(caughtUp).toBeInstanceOf(Promise);
  expect(await caughtUp).toBe('signed');
});

test('a lease that does not outlive the duration: nothing is made', async () => {
  jest.advanceTimersByTime(L - D);
  const make = jest.fn();
  await expect(signAt(1, make)).rejects.toMatchObject({ code: 'UNAVAILABLE', detail: 'signing: no lease' });
  expect(make).not.toHaveBeenCalled();
});

test.each([
  ['paused', () => jest.advanceTimersByTime(L - D)],
  ['the wall clock jumped', () => jest.setSystemTime(Date.now() + L - D)],
  ['the wall clock was set back', () => jest.setSystemTime(Date.now() - 1_000)],
])('%s between the first look and the reply: what was signed is dropped', async (_, happen) => {
  await expect(signAt(1, happen)).rejects.toMatchObject({ detail: 'signing: no lease' });
});

test('a ring that changed meanwhile: what was signed by the old one is dropped', async () => {
  await expect(signAt(1, () => take(second))).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
  await expect(signAt(undefined, () => take(rotatedRing(DOMAIN, 3, 'b', 'c')))).rejects.toMatchObject({
    code: 'ABORTED',
    body: { epoch: 3 },
  });
});

test('an epoch behind its own is refused at once', async () => {
  take(second);
  await expect(signAt(1)).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
  expect(keeper.settled).not.toHaveBeenCalled();
});

test('an epoch ahead of its own: it renews, waits a little, and signs if that brought the ring', async () => {
  keeper.settled.mockImplementation(async () => take(second));
  await expect(signAt(2)).resolves.toBe('signed');
  expect(keeper.renew).toHaveBeenCalledTimes(1);
  expect(keeper.settled).toHaveBeenCalledWith(250);
});

test('an epoch ahead of its own that the renewal did not bring is refused with the own one', async () => {
  await expect(signAt(2)).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 1 } });
});

test('all rings that are needed need a lease', async () => {
  const needs = [{ scope: DOMAIN, epoch: 1 }, { scope: 'platform' }] as const;
  await expect(guard.under(needs, D, () => 'signed')).rejects.toMatchObject({ detail: 'signing: no lease' });
  const platform = ringOf('platform', 4, { p: 'active' });
  answered([DOMAIN], [platform]);
  table.take(platform, privateKeysOf(platform));
  answered([DOMAIN, 'platform']);
  await expect(guard.under(needs, D, (ring, other) => [ring.view, other.view])).resolves.toEqual([first, platform]);
});
