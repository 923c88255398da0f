import { CHANNEL_KEYS_CHANGED, type Scope } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Reporter } from './read-reporter';
import { tellKeys } from './tell-members';

/** A sink that cannot write says for long that it is behind: it is told no more often than this. */
const TOLD_AGAIN_AFTER_MS = 60_000;

/** Each of them by an index of its own. */
const waits = (state: 'unsent' | 'sent'): string => `EXISTS (
           SELECT FROM outbox.message AS message JOIN outbox.event AS event USING (event_id)
            WHERE message.node_id = $1::uuid AND message.state = '${state}'
              AND event.scope = scope.scope AND event.event_type = '${CHANNEL_KEYS_CHANGED}')`;

/** Rings of which nothing waits for the member, and nothing was written for it lately. */
const UNTOLD = `
  SELECT scope FROM unnest($2::text[]) AS scope
   WHERE NOT ${waits('unsent')} AND NOT ${waits('sent')}
     AND NOT EXISTS (
           SELECT FROM outbox.event AS event
            WHERE event.scope = scope.scope AND event.event_type = '${CHANNEL_KEYS_CHANGED}'
              AND starts_with(event.event_id, $1::uuid || '/')
              AND (event.created_at AT TIME ZONE 'UTC') > ($3::timestamptz AT TIME ZONE 'UTC') - $4 * interval '1 ms')`;

/**
 * A member that has applied what it was told and does not hold it, because its disk was lost or it could not open what came,
 * would be told again by the next change alone: so by its report. Two reports at once may tell it twice; it takes one of them.
 * Returns which rings.
 */
export async function tellAgain(
  manager: EntityManager,
  { nodeId, now, rings }: Reporter,
  said: readonly Pick<ReportedRing, 'scope' | 'epoch'>[],
): Promise<Scope[]> {
  const held = new Map(said.map(({ scope, epoch }) => [scope, epoch]));
  const behind = [...rings.values()].filter(({ scope, newsEpoch }) => (held.get(scope) ?? 0) < newsEpoch);
  if (behind.length === 0) return [];
  const scopes = behind.map(({ scope }) => scope);
  const untold = await manager.query<{ scope: Scope }[]>(UNTOLD, [nodeId, scopes, now, TOLD_AGAIN_AFTER_MS]);
  for (const { scope } of untold) await tellKeys(manager, scope, [nodeId]);
  return untold.map(({ scope }) => scope);
}
