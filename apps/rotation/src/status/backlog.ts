import type { Backlog } from '@plexsphere/wire/commands';
import type { BacklogRow } from './count-backlog';
import { secondsBetween } from '../sight/seconds';

const NONE: BacklogRow = { unsent: 0, sent: 0, oldestAt: null, oldestUnsentAt: null };

export function backlogView(backlog: BacklogRow = NONE, now: Date): Backlog {
  const { unsent, sent, oldestAt, oldestUnsentAt } = backlog;
  const age = (since: Date | null): number | null => since && secondsBetween(since, now);
  return {
    rows: unsent + sent,
    unsent,
    sent,
    oldest_seconds: age(oldestAt),
    oldest_unsent_seconds: age(oldestUnsentAt),
  };
}
