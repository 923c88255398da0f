import type { NextFiring } from '@plexsphere/keyring';
import { Cron } from 'croner';

/**
 * Five fields, in UTC; where both days are given either of them fires, as cron has it. Paused: nothing here runs by it. An
 * offset of nought and no zone of that name: a zone is looked up at every step, and has a search take a hundred times as
 * long, on the one thread that grants leases, too.
 */
const OPTIONS = { utcOffset: 0, mode: '5-part', paused: true } as const;

/** Reading the fields is most of the work; and a ring's next firing is asked for at every turn, with the same answer. */
const KEPT = { schedules: 1_000, answers: 10_000 };

const schedules = new Map<string, Cron | null>();
const answers = new Map<string, Date | null>();

/** What croner cannot read never fires, nor what it searches for in vain (it throws where that takes it too deep). */
export const nextFiring: NextFiring = (cron, after) =>
  kept(answers, KEPT.answers, `${after.getTime()} ${cron}`, () => {
    const schedule = kept(schedules, KEPT.schedules, cron, () => orNull(() => new Cron(cron, OPTIONS)));
    return orNull(() => schedule?.nextRun(after) ?? null);
  });

function kept<Value>(values: Map<string, Value>, most: number, key: string, find: () => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  const value = find();
  if (values.size >= most) values.clear();
  values.set(key, value);
  return value;
}

function orNull<Found>(find: () => Found | null): Found | null {
  try {
    return find();
  } catch {
    return null;
  }
}
