/** What may be done to a channel's ring and by those at its ends, and lives made of it: by chance, and by what leads somewhere. */
import fc from 'fast-check';
import type { MemberRole } from '../../src/channel';

const which = fc.nat({ max: 9 });
const constant = <const T>(value: T) => fc.constant(value);

const anyDeed = fc.oneof(
  // What a ring's change is followed by: everybody hears of it, and says so. Some do not, for a while.
  { weight: 12, arbitrary: fc.record({ verb: fc.constantFrom('hear', 'report', 'hear and report'), which }) },
  { weight: 6, arbitrary: fc.record({ verb: fc.constantFrom('all hear and report', 'all report') }) },
  { weight: 10, arbitrary: fc.record({ verb: constant('wait'), ms: fc.constantFrom(1, 60, 200, 301, 301, 2_000) }) },
  { weight: 7, arbitrary: fc.record({ verb: fc.constantFrom('open', 'activate', 'settle', 'rollback') }) },
  { weight: 5, arbitrary: fc.record({ verb: constant('close'), force: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ verb: constant('obey') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: constant('add'),
      role: fc.constantFrom<MemberRole>('sender', 'receiver'),
      isSink: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constantFrom('remove', 'lose', 'stranger'), which }) },
  { weight: 1, arbitrary: fc.record({ verb: constant('revoke'), which, discardStaged: fc.boolean() }) },
);

export type Deed = typeof anyDeed extends fc.Arbitrary<infer D> ? D : never;

const ALL: Deed = { verb: 'all hear and report' };
/** Nobody has heard anything new. */
const AGAIN: Deed = { verb: 'all report' };
const wait = (ms: 1 | 200 | 301): Deed => ({ verb: 'wait', ms });

const SWITCH: readonly Deed[] = [{ verb: 'open' }, ALL, wait(200), { verb: 'activate' }];
const QUIET: readonly Deed[] = [ALL, wait(301), wait(200), ALL, wait(1), ALL];
const SINKS: readonly Deed[] = [
  { verb: 'add', role: 'sender', isSink: true },
  { verb: 'add', role: 'receiver', isSink: true },
];

/** What leads somewhere where nothing comes in between; most of it, in this order. */
const CHAPTERS: readonly (readonly Deed[])[] = [
  SWITCH,
  [{ verb: 'open' }, ALL, { verb: 'lose', which: 0 }, wait(200), { verb: 'activate' }],
  [...QUIET, { verb: 'close', force: false }],
  [AGAIN, wait(301), wait(200), AGAIN, wait(1), AGAIN, { verb: 'close', force: false }],
  [...SINKS, ALL],
  [...SINKS, ...SWITCH, ...QUIET, { verb: 'close', force: false }],
  [...SWITCH, { verb: 'rollback' }, ...QUIET, { verb: 'settle' }],
];
const anyChapter = fc.oneof(...CHAPTERS.map((all) => fc.subarray([...all], { minLength: all.length - 2 })));

/** Chapters, with whatever comes in between. */
export const anyLife: fc.Arbitrary<Deed[]> = fc
  .array(fc.oneof({ weight: 5, arbitrary: anyDeed.map((deed) => [deed]) }, { weight: 2, arbitrary: anyChapter }), {
    maxLength: 40,
    size: 'max',
  })
  .map((parts) => parts.flat());
