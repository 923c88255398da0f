import type { Backlog } from '@plexsphere/wire/commands';
import type { BacklogRow } from '../sql/count-backlog';
import { secondsBetween } from './seconds';

export const backlogView = (backlog: BacklogRow | undefined, now: Date): Backlog => ({
  rows: backlog?.rows ?? 0,
  oldest_seconds: backlog?.oldestAt ? secondsBetween(backlog.oldestAt, now) : null,
});
