import { MAX_REVOCATIONS, type Revocation } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** Rows that the account's JWT does not take into account yet; `revokedAt` to the microsecond, as text. */
export interface DueRevocation {
  publicKey: string;
  revokedAt: string;
}

/** A row may go where no credential of that key is good any more, by any clock of the mesh. */
const OVER = `expires_at < clock_timestamp() - $1 * interval '1 millisecond'`;

const DUE = `signed_at IS NULL AND due_at <= clock_timestamp()`;

/**
 * Seconds since 1970, up to which credentials of the key are refused. The signer that issued one a moment ago may be ahead
 * of the database by the skew allowed. A Node's token says the second that rotation chose, and a newer one may be good from
 * the next one on.
 */
const AT = `
  CASE kind WHEN 'node_key' THEN floor(extract(epoch FROM revoked_at))
            ELSE ceil(extract(epoch FROM revoked_at)) + ceil($1 / 1000.0) END`;

/** What is not urgent waits for others, and goes along with whatever is. */
export const dueRevocations = (manager: EntityManager, isBatchDue: boolean): Promise<DueRevocation[]> =>
  manager.query(
    `SELECT public_key AS "publicKey", revoked_at::text AS "revokedAt"
       FROM ring.bus_revocation WHERE ${DUE}
        AND ($1 OR EXISTS (SELECT FROM ring.bus_revocation WHERE ${DUE} AND urgent))`,
    [isBatchDue],
  );

export async function isAnyOver(manager: EntityManager, skewMs: number): Promise<boolean> {
  const [row] = await manager.query<[{ any: boolean }]>(
    `SELECT EXISTS (SELECT FROM ring.bus_revocation WHERE ${OVER}) AS any`,
    [skewMs],
  );
  return row.any;
}

interface RevocationList {
  revocations: Revocation[];
  /** How many have no place in it: removed Nodes, whose id nobody serves any more. */
  leftOut: number;
}

/**
 * What the account's JWT is to carry: each key once, with the last of what was revoked of it. Never refuses: beyond the bound
 * the Nodes that were removed first leave, whose credentials hear nothing and move nothing, since their ids are never used
 * again; then the operators that were revoked first, whom rotation knows as revoked by every command.
 */
export async function listRevocations(manager: EntityManager, skewMs: number): Promise<RevocationList> {
  const rows = await manager.query<(Revocation & { total: number })[]>(
    `SELECT public_key, max(${AT})::float8 AS at, (count(*) OVER ())::int AS total
       FROM ring.bus_revocation
      WHERE due_at <= clock_timestamp() AND (expires_at IS NULL OR NOT ${OVER})
      GROUP BY public_key
      ORDER BY bool_and(kind = 'node'), bool_and(kind = 'operator'), max(revoked_at) DESC, public_key
      LIMIT ${MAX_REVOCATIONS}`,
    [skewMs],
  );
  const revocations = rows.map(({ public_key, at }) => ({ public_key, at }));
  return { revocations, leftOut: (rows[0]?.total ?? 0) - rows.length };
}

export const markSigned = (manager: EntityManager, due: readonly DueRevocation[]): Promise<unknown> =>
  manager.query(
    `UPDATE ring.bus_revocation SET signed_at = clock_timestamp()
       FROM unnest($1::text[], $2::text[]) AS due (public_key, revoked_at)
      WHERE bus_revocation.public_key = due.public_key AND bus_revocation.revoked_at = due.revoked_at::timestamptz`,
    [due.map((each) => each.publicKey), due.map((each) => each.revokedAt)],
  );

export const forgetOver = (manager: EntityManager, skewMs: number): Promise<unknown> =>
  manager.query(`SELECT ring.forget_revocations($1 * interval '1 millisecond')`, [skewMs]);
