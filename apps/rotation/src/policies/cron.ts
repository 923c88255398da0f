import type { NextFiring } from '@plexsphere/keyring';
import { Cron } from 'croner';

/** Five fields, in UTC; where both days are given either of them fires, as cron has it. Paused: nothing here runs by it. */
const OPTIONS = { timezone: 'UTC', mode: '5-part', paused: true } as const;

/** A ring's next firing is asked for again and again, and takes a millisecond to find; of so many the answers are kept. */
const KEPT = 10_000;

const found = new Map<string, Date | null>();

/** What croner cannot read never fires, nor what it searches for in vain (it throws where that takes it too deep). */
export const nextFiring: NextFiring = (cron, after) => {
  const question = `${after.getTime()} ${cron}`;
  const known = found.get(question);
  if (known !== undefined) return known;
  const answer = search(cron, after);
  if (found.size >= KEPT) found.clear();
  found.set(question, answer);
  return answer;
};

function search(cron: string, after: Date): Date | null {
  try {
    return new Cron(cron, OPTIONS).nextRun(after);
  } catch {
    return null;
  }
}
