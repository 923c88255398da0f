import { nextFiring } from './cron';

const after = new Date('2026-11-21T20:00:00.500Z');

it.each([
  ['0 3 * * MON', '2026-11-23T03:00:00.000Z'],
  ['30 20 * * *', '2026-11-21T20:30:00.000Z'],
  ['0 20 21 11 *', '2027-11-21T20:00:00.000Z'],
  ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
  // Either day fires.
  ['0 0 30 2 MON', '2027-02-01T00:00:00.000Z'],
])('%s fires at %s, in UTC', (cron, at) => {
  expect(nextFiring(cron, after)?.toISOString()).toBe(at);
  expect(nextFiring(cron, after)?.toISOString()).toBe(at);
});

it('fires strictly after', () => {
  const at = new Date('2026-11-23T03:00:00.000Z');
  expect(nextFiring('0 3 * * MON', at)?.toISOString()).toBe('2026-11-30T03:00:00.000Z');
});

it.each([
  ['a day that no February has', '0 0 31 2 *'],
  ['a day that none of these months has', '0 0 31 4,6,9,11 *'],
  ['a minute that no hour has', '99 3 * * *'],
  ['seconds', '0 0 3 * * *'],
  ['words', 'every monday at three o'],
])('%s: never', (_, cron) => expect(nextFiring(cron, after)).toBeNull());

it.each(['0 0 29 2 *', '* * * 2 MON#5', '59 23 31 12 *', '17 5 * * 1', '* * 31 2,4,6,9,11 *'])(
  'a year of firings of %s takes no thread away from others: whoever only reads may ask for it',
  (cron) => {
    // In processor time of this process, so that a busy machine counts for nothing. With a time zone it took 300 ms and more.
    const began = process.cpuUsage();
    let at: Date | null = after;
    for (let firing = 0; firing < 366 && at !== null; firing += 1) at = nextFiring(cron, at);
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1_000).toBeLessThan(150);
  },
);
