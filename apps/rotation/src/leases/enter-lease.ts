import { timingSafeEqual } from 'node:crypto';
import { askPrepared, prepared } from '@plexsphere/store';
import { problem, type LeaseKind } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';

/** Far more processes than an installation has; a stolen credential makes no more rows than these. */
const MAX_HOLDERS = 100;

export interface LeaseEntry {
  kind: LeaseKind;
  holder: string;
  secretHash: Buffer;
  turn: number;
  epochs: Record<string, number>;
  leaseMs: number;
  clockOffMs: number | null;
  released: boolean;
}

export interface Entered {
  /** What stands in the row: claims of no later epoch than a ring's. */
  epochs: Record<string, number>;
  /** Claims of a later epoch, which do not. */
  ahead: Record<string, number>;
}

interface Own {
  kind: string | null;
  secret_hash: Buffer | null;
  /** Of that kind, all of them. */
  holders: number;
}

/** One row, whoever is there. */
const FIND_OWN = prepared(`
  SELECT own.kind, own.secret_hash, (SELECT count(*)::int FROM ring.lease WHERE lease.kind = $2) AS holders
    FROM (SELECT) AS once LEFT JOIN ring.lease AS own ON own.holder = $1`);

const ENTER = prepared(`
  WITH claim AS (
    SELECT key AS scope, value::bigint AS epoch FROM jsonb_each_text($5::jsonb)
  ), present AS (
    SELECT coalesce(jsonb_object_agg(scope, claim.epoch) FILTER (WHERE claim.epoch <= ring.epoch), '{}') AS epochs,
           coalesce(jsonb_object_agg(scope, claim.epoch) FILTER (WHERE claim.epoch > ring.epoch), '{}') AS ahead,
           count(*) FILTER (WHERE claim.epoch > ring.epoch) AS refused
      FROM claim JOIN ring.key_ring AS ring USING (scope)
  )
  INSERT INTO ring.lease AS stands
    (holder, kind, secret_hash, turn, epochs, lease_ms, renewed_at, released, clock_off_ms, ahead, refused_claims)
  SELECT $1, $2, $3, $4, epochs, $6, clock_timestamp(), $8, $7, ahead, refused FROM present
  ON CONFLICT (holder) DO UPDATE SET
    turn = excluded.turn, epochs = excluded.epochs, lease_ms = excluded.lease_ms, renewed_at = excluded.renewed_at,
    released = excluded.released, clock_off_ms = excluded.clock_off_ms, ahead = excluded.ahead,
    refused_claims = stands.refused_claims + excluded.refused_claims
  WHERE stands.turn < excluded.turn AND stands.kind = excluded.kind AND stands.secret_hash = excluded.secret_hash
  RETURNING epochs, ahead`);

/**
 * Writes the holder's row. Undefined where the request is older than what stands there: it was held up, and its holder
 * has asked again. A release leaves the row, with nothing claimed, so that the same holds for it.
 * @throws Problem leaseOfAnother, tooManyHolders
 */
export async function enterLease(database: DataSource, entry: LeaseEntry): Promise<Entered | undefined> {
  await requireOwn(database, entry);
  const { kind, holder, secretHash, turn, epochs, leaseMs, clockOffMs, released } = entry;
  // The row's own secret is compared once more: another's row may have come in between.
  const [entered] = await askPrepared<Entered>(database, ENTER, [
    ...[holder, kind, secretHash, turn, JSON.stringify(epochs), leaseMs, clockOffMs, released],
  ]);
  return entered;
}

async function requireOwn(database: DataSource, { kind, holder, secretHash }: LeaseEntry): Promise<void> {
  const [found] = (await askPrepared<Own>(database, FIND_OWN, [holder, kind])) as [Own];
  if (found.secret_hash === null) {
    if (found.holders >= MAX_HOLDERS) throw problem('tooManyHolders');
    return;
  }
  if (found.kind !== kind || !timingSafeEqual(found.secret_hash, secretHash)) throw problem('leaseOfAnother');
}
