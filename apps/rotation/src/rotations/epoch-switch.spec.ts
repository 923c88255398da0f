import { outlasting, type EarlierLease } from '@plexsphere/keyring';
import type { Bus, Logger } from '@plexsphere/service-kit';
import { SIGNING_DURATION_MS as D } from '@plexsphere/wire';
import type { LeaseBook } from '../leases/lease-book';
import type { RotationConfig } from '../rotation-config';
import { EpochSwitch } from './epoch-switch';

// Jest's clock does not reach Node's own promises of timers: here they are those of the clock.
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(() => resolve(), ms)),
}));

const L = 10_000;
const SCOPE = 'platform';

let holders: EarlierLease[];
let look: () => Promise<EarlierLease[]>;
let publish: jest.Mock;
let beganAt: number;
let switching: EpochSwitch;

beforeEach(() => {
  jest.useFakeTimers();
  holders = [];
  look = async () => holders;
  publish = jest.fn();
  const leases = { holdersBefore: () => look(), holdersAt: async () => ['signer-1'] } as unknown as LeaseBook;
  const logger = { info: () => undefined } as unknown as Logger;
  const config = { leaseMs: L, signingDurationMs: D } as RotationConfig;
  switching = new EpochSwitch({ publish } as unknown as Bus, leases, config, logger);
  beganAt = performance.now();
});
afterEach(() => jest.useRealTimers());

const held = (...names: string[]): EarlierLease[] => names.map((holder) => ({ holder, leaseMs: L }));

/** How long it took, and what it answered. */
async function completed(): Promise<{ tookMs: number; lapsed: string[] }> {
  let tookMs: number | undefined;
  const done = switching.complete(SCOPE, 2).then((switched) => {
    tookMs = performance.now() - beganAt;
    return switched;
  });
  while (tookMs === undefined) await jest.advanceTimersByTimeAsync(10);
  return { tookMs, lapsed: (await done).lapsed };
}

test('P2: returns more than D after the last confirmation was seen, and not much more', async () => {
  holders = held('signer-1', 'signer-2');
  setTimeout(() => (holders = held('signer-2')), 100);
  setTimeout(() => (holders = []), 3_000);
  const { tookMs, lapsed } = await completed();
  expect(tookMs).toBeGreaterThan(3_000 + D);
  expect(tookMs).toBeLessThan(3_000 + D + 100);
  expect(lapsed).toEqual([]);
  expect(publish).toHaveBeenCalledTimes(1);
});

test('nobody there at the first look: what was signed just before may still be on its way', async () => {
  const { tookMs } = await completed();
  expect(tookMs).toBeGreaterThan(D);
  expect(tookMs).toBeLessThan(D + 100);
});

test('one confirms late, one never does: L, and no D beside it', async () => {
  holders = held('late', 'paused');
  setTimeout(() => (holders = held('paused')), L - 100);
  const { tookMs, lapsed } = await completed();
  expect(tookMs).toBeGreaterThan(L);
  expect(tookMs).toBeLessThan(outlasting(L) + 100);
  expect(lapsed).toEqual(['paused']);
});

test.each([
  ['is away', () => Promise.reject(new Error('away'))],
  ['hangs', () => new Promise<EarlierLease[]>(() => undefined)],
])('a database that %s: L needs none', async (_, found) => {
  look = found;
  const { tookMs } = await completed();
  expect(tookMs).toBeGreaterThan(L);
  expect(tookMs).toBeLessThan(outlasting(L) + 100);
});
