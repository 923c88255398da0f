import type { OperatorEntity } from '@plexsphere/store';
import type { HeldBackCount, RefusalCount, StatusReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { HELD_BACK, type CountedRefusal } from './refusal-counter';

/** As long as somebody may come to ask what was tried. */
const KEPT_FOR = `interval '30 days'`;

/** `others` where a minute had more kinds than are told apart, `unknown` where the id is nobody's; addresses as they are. */
const ADD = `
  INSERT INTO ring.refusal AS stored (minute, actor, command, code, detail, count)
  SELECT date_trunc('minute', statement_timestamp()),
         coalesce(operator.id::text,
                  CASE WHEN said.actor = 'others' OR said.actor LIKE 'http:%' THEN said.actor ELSE 'unknown' END) AS actor,
         said.command, said.code, said.detail, sum(said.count)
    FROM jsonb_to_recordset($1::jsonb) AS said(actor text, command text, code text, detail text, count bigint)
    LEFT JOIN ring.operator AS operator ON operator.id::text = said.actor
   GROUP BY 1, 2, 3, 4, 5
   -- One order for all replicas: none of two waits for the other's rows.
   ORDER BY 2, 3, 4, 5
  ON CONFLICT (minute, actor, command, code, detail) DO UPDATE SET count = stored.count + excluded.count`;

/** One statement however many there were, to the database's minute. */
export const addRefusals = (
  manager: Pick<EntityManager, 'query'>,
  counted: readonly CountedRefusal[],
): Promise<unknown> => manager.query(ADD, [JSON.stringify(counted)]);

export const OLD_REFUSALS = `FROM ring.refusal WHERE minute < statement_timestamp() - ${KEPT_FOR}`;

export const forgetOldRefusals = (manager: EntityManager): Promise<unknown> => manager.query(`DELETE ${OLD_REFUSALS}`);

interface RefusalRow {
  actor: string;
  command: string;
  code: string;
  detail: string;
  count: string;
  lastAt: Date;
}

const KINDS_SHOWN = 50;

/**
 * Of the last hour, the most frequent first. An operator of some scopes learns nothing of what others tried, who may have
 * named other scopes.
 */
export async function readRefusals(
  manager: EntityManager,
  { id, scopes }: Pick<OperatorEntity, 'id' | 'scopes'>,
): Promise<Pick<StatusReply, 'refusals' | 'held_back'>> {
  const rows = await manager.query<RefusalRow[]>(
    `SELECT coalesce(operator.name, refusal.actor) AS actor, command, code, detail, sum(count) AS count,
            max(minute) AS "lastAt"
       FROM ring.refusal AS refusal LEFT JOIN ring.operator AS operator ON operator.id::text = refusal.actor
      WHERE minute > (SELECT clock_timestamp()) - interval '1 hour' AND ($1::text IS NULL OR refusal.actor = $1)
      GROUP BY 1, 2, 3, 4 ORDER BY sum(count) DESC, 1, 2, 3, 4 LIMIT $2`,
    [scopes === null ? null : id, KINDS_SHOWN],
  );
  return {
    refusals: rows.filter(({ code }) => code !== HELD_BACK).map(refusalCount),
    held_back: rows.filter(({ code }) => code === HELD_BACK).map(heldBackCount),
  };
}

const refusalCount = ({ actor, command, code, detail, count, lastAt }: RefusalRow): RefusalCount => ({
  ...{ actor, command, code, detail, count: Number(count), last_at: lastAt.toISOString() },
});

const heldBackCount = ({ actor, command, count, lastAt }: RefusalRow): HeldBackCount => ({
  ...{ actor, queue: command, count: Number(count), last_at: lastAt.toISOString() },
});
