import { IsReportedRings } from '@plexsphere/wire/commands';
import { Validator } from '@plexsphere/wire/validator';
import { UseCounts } from './use-counts';

const START_MS = Date.parse('2026-03-01T12:00:00Z');
let wallMs: number;
let monotonicMs: number;
let counts: UseCounts;

beforeEach(() => {
  wallMs = START_MS;
  monotonicMs = 5_000;
  counts = new UseCounts({ now: () => new Date(wallMs), monotonicMs: () => monotonicMs });
});

const pass = (ms: number): void => {
  wallMs += ms;
  monotonicMs += ms;
};
const at = (ms: number): string => new Date(START_MS + ms).toISOString();
const told = () => counts.tell(0).used;

test('what was used last, and what alone', () => {
  counts.signed('s-1');
  pass(10);
  counts.verified('v-1', false);
  pass(10);
  counts.verified('v-2', true);
  expect(told()).toEqual({
    ...{ period_from: at(0), period_seconds: 1 },
    last_signed: { key_id: 's-1', at: at(0) },
    last_verified: { key_id: 'v-2', at: at(20) },
    alone: [{ key_id: 'v-2', at: at(20) }],
    refusals: {},
  });
});

test('an answer ends the period that was told; what came after it stays', () => {
  counts.verified('old', true);
  counts.verified('older', true);
  counts.refused('stale');
  counts.refused('stale');
  pass(1_000);
  const { answered } = counts.tell(0);
  pass(1_000);
  counts.verified('old', true);
  counts.refused('stale');
  counts.refused('replayed');
  answered();
  expect(told()).toMatchObject({
    ...{ period_from: at(1_000), period_seconds: 1 },
    alone: [{ key_id: 'old', at: at(2_000) }],
    refusals: { stale: 1, replayed: 1 },
    last_verified: { key_id: 'old' },
  });
});

test('what nobody answered is told again, under the same beginning', () => {
  counts.refused('stale');
  pass(60_000);
  counts.tell(0);
  pass(60_000);
  counts.refused('stale');
  expect(told()).toMatchObject({ period_from: at(0), period_seconds: 120, refusals: { stale: 2 } });
});

test.each([
  ['rounded up', () => pass(1), 1],
  ['with the time that it may be under way', () => pass(60_000), 70],
  ['the wall clock was set back', () => ((wallMs -= 3_600_000), (monotonicMs += 30_000)), 30],
  ['the machine slept, and its own clock with it', () => ((wallMs += 3_600_000), (monotonicMs += 30_000)), 3_600],
])('a period never seems to have begun later than it did: %s', (_, act, least) => {
  act();
  const { period_seconds } = counts.tell(10_000).used;
  expect(period_seconds).toBeGreaterThanOrEqual(least);
  expect(period_seconds).toBeLessThanOrEqual(least + 10);
});

test('whatever an application says, a report is one that is taken', async () => {
  for (let n = 0; n < 1_000; n += 1) {
    counts.refused(`reason_${'abcdefghij'[n % 10]}${'abcdefghij'[Math.floor(n / 10) % 10]}`);
    counts.verified(`key-${n}`, true);
  }
  for (const reason of ['', 'Not today', 'x'.repeat(49), '1', '__proto__', 'constructor']) counts.refused(reason);
  pass(400 * 86_400_000);
  const used = told();
  expect(Object.keys(used.refusals)).toHaveLength(24);
  expect(Object.values(used.refusals).reduce((sum, count) => sum + count)).toBe(1_006);
  expect(used.alone.at(-1)?.key_id).toBe('key-999');
  class Report {
    @IsReportedRings(2)
    rings: object[] = [{ scope: 'channel:a:b-to-c', epoch: 1, keys: [], ...used }];
  }
  expect(await new Validator().validate(new Report())).toEqual([]);
});
