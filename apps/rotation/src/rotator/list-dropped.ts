import type { DroppedPromotion } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

/** A promotion that ended without a rotation. */
interface DroppedRow {
  keyId: string;
  percent: number;
  askedAt: Date;
  /** The operator's name, or what asked by itself. */
  askedBy: string;
  deadline: Date;
  endedAt: Date;
  endReason: string;
}

/** The scope's newest, newest first. */
export const listDropped = (manager: EntityManager, scope: string, limit: number): Promise<DroppedRow[]> =>
  manager.query(
    `SELECT key_id AS "keyId", percent, asked_at AS "askedAt", coalesce(operator.name, actor) AS "askedBy", deadline,
            ended_at AS "endedAt", coalesce(end_reason, '') AS "endReason"
       FROM ring.promotion AS promotion LEFT JOIN ring.operator AS operator ON operator.id::text = promotion.actor
      WHERE scope = $1 AND outcome = 'dropped' ORDER BY asked_at DESC LIMIT $2`,
    [scope, limit],
  );

export const droppedView = (row: DroppedRow): DroppedPromotion => ({
  ...{ key_id: row.keyId, percent: row.percent, asked_at: row.askedAt.toISOString(), asked_by: row.askedBy },
  ...{ deadline: row.deadline.toISOString(), dropped_at: row.endedAt.toISOString(), reason: row.endReason },
});
