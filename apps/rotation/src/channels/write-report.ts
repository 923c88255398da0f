import { acknowledgedBy } from '@plexsphere/keyring';
import { REPORT_LIMITS, problem } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { DataSource, EntityManager } from 'typeorm';
import type { Judged } from './judge-proofs';
import type { Alone, Reporter, RingBefore } from './read-reporter';

/** What a member says of one ring, after it was looked at. */
export interface Heard {
  said: ReportedRing;
  before: RingBefore;
  judged: Judged;
}

/** Refusals are counted in pieces of so long, and kept for the last hour. */
const PIECE_MS = 300_000;

/**
 * Writes down what a member holds from now on. Where it holds the same as before that is one small statement, however many
 * keys and rings there are.
 */
export async function writeReport(database: DataSource, reporter: Reporter, heard: readonly Heard[]): Promise<void> {
  if (heard.length === 0) {
    await database.query(NOTHING_HELD, [reporter.nodeId, reporter.now]);
    return;
  }
  const rows = JSON.stringify(heard.map((each) => reportRow(each, reporter)));
  if (heard.every(isUnchanged)) {
    await database.query(REPEAT, [reporter.nodeId, reporter.now, rows]);
    return;
  }
  await database.transaction('READ COMMITTED', async (manager) => {
    await requirePresent(manager, reporter.nodeId);
    await manager.query(REPORT, [reporter.nodeId, reporter.now, rows]);
    for (const { said, judged } of heard) await writeKeys(manager, reporter, said.scope, judged);
    await countRefusals(manager, reporter, heard);
  });
}

/** Of a member that holds nothing at all: it proves nothing, and has acknowledged nothing. */
const NOTHING_HELD = `
  WITH forgotten AS (DELETE FROM ring.member_key WHERE node_id = $1)
  UPDATE ring.member_report SET acknowledged_epoch = NULL, acknowledged_at = NULL, reported_at = $2 WHERE node_id = $1`;

const isUnchanged = ({ said, before, judged }: Heard): boolean =>
  before.report !== null &&
  Object.keys(said.refusals).length === 0 &&
  judged.proven.size === before.proven.size &&
  [...judged.proven].every(([keyId, { epoch, proof }]) => {
    const known = before.proven.get(keyId);
    return known?.epoch === epoch && known.proof === proof;
  });

/** Whoever removes it deletes what it said, and waits for this or is waited for: nothing is left of one that has gone. */
async function requirePresent(manager: EntityManager, nodeId: string): Promise<void> {
  const [member] = await manager.query<unknown[]>(
    'SELECT FROM ring.member WHERE node_id = $1 AND removed_at IS NULL FOR SHARE',
    [nodeId],
  );
  if (member === undefined) throw problem('notAMember');
}

/**
 * Times are rotation's: what the member's clock says is taken where nothing hangs on it.
 *
 * Whoever may say something in a member's name, as a gateway may, and proves no key that signs, moves no close: not by an
 * epoch that he makes up, nor by a period in which he says that nothing was used.
 */
function reportRow({ said, before, judged }: Heard, { now }: Reporter): object {
  const { scope, epoch, period_seconds: seconds, last_signed, last_verified, taken_over = [] } = said;
  const proves = [...judged.proven.keys()].some((keyId) => before.keys.get(keyId)?.state === 'active');
  const saidFrom = new Date(now.getTime() - seconds * 1_000);
  const acknowledged = proves
    ? acknowledgedBy(before.report?.acknowledged ?? null, epoch, before.trustEpoch, now)
    : null;
  return {
    ...{ scope, epoch, acknowledged_epoch: acknowledged?.trustEpoch, acknowledged_at: acknowledged?.at },
    ...{
      period_from: proves ? saidFrom : (before.report?.periodFrom ?? NEVER),
      last_signed,
      last_verified,
      taken_over,
    },
    verified_alone: aloneAfter(before, said, { from: saidFrom.toISOString(), to: now.toISOString() }),
  };
}

const NEVER = new Date(0);

/**
 * By key that the ring holds. Of two uses the one of the later period stands: no report takes back what was used, and each
 * that tells of a use is as late as it came.
 */
function aloneAfter(
  { keys, report }: RingBefore,
  { alone }: ReportedRing,
  { from, to }: { from: string; to: string },
): Alone {
  const known = report?.alone ?? {};
  const reported: Alone = Object.fromEntries(
    alone.map(({ key_id: keyId, at }) => {
      const use = { at, period_from: from };
      const before = known[keyId];
      return [keyId, { ...(before === undefined || from >= before.period_from ? use : before), reported_at: to }];
    }),
  );
  return Object.fromEntries(Object.entries({ ...known, ...reported }).filter(([keyId]) => keys.has(keyId)));
}

const ROWS = `jsonb_to_recordset($3::jsonb) AS said (scope text, epoch bigint, acknowledged_epoch bigint,
    acknowledged_at timestamptz, period_from timestamptz, last_signed jsonb, last_verified jsonb, verified_alone jsonb,
    taken_over text[])`;

/** A process that began anew does not know when it last signed: that stays as it was. */
const SET = `epoch = said.epoch, acknowledged_epoch = said.acknowledged_epoch, acknowledged_at = said.acknowledged_at,
  reported_at = $2, period_from = said.period_from, last_signed = coalesce(said.last_signed, stands.last_signed),
  last_verified = coalesce(said.last_verified, stands.last_verified), verified_alone = said.verified_alone,
  taken_over = said.taken_over`;

const REPEAT = `UPDATE ring.member_report AS stands SET ${SET} FROM ${ROWS}
                 WHERE stands.scope = said.scope AND stands.node_id = $1`;

const REPORT = `
  INSERT INTO ring.member_report AS stands (scope, node_id, epoch, acknowledged_epoch, acknowledged_at, reported_at,
                                            period_from, last_signed, last_verified, verified_alone, taken_over)
  SELECT scope, $1, epoch, acknowledged_epoch, acknowledged_at, $2, period_from, last_signed, last_verified,
         verified_alone, taken_over
    FROM ${ROWS} ORDER BY scope
  ON CONFLICT (scope, node_id) DO UPDATE SET ${SET.replaceAll('said.', 'excluded.')}`;

/** What is not named is no longer proven; what is stays proven since it first was. */
async function writeKeys(
  manager: EntityManager,
  { nodeId, now }: Reporter,
  scope: string,
  { proven }: Judged,
): Promise<void> {
  const keys = [...proven].map(([keyId, { epoch, proof }]) => ({ key_id: keyId, epoch, proof }));
  const keyIds = keys.map(({ key_id: keyId }) => keyId);
  await manager.query('DELETE FROM ring.member_key WHERE scope = $1 AND node_id = $2 AND key_id <> ALL ($3::text[])', [
    ...[scope, nodeId, keyIds],
  ]);
  await manager.query(
    `INSERT INTO ring.member_key (scope, node_id, key_id, proven_at, epoch, proof)
     SELECT $1, $2, key_id, $3, epoch, proof
       FROM jsonb_to_recordset($4::jsonb) AS said (key_id text, epoch bigint, proof text) ORDER BY key_id
     ON CONFLICT (scope, node_id, key_id) DO UPDATE SET epoch = excluded.epoch, proof = excluded.proof`,
    [scope, nodeId, now, JSON.stringify(keys)],
  );
}

/**
 * As many reasons of an hour as of a report are told apart; what is named beyond them counts as `other`. They are the
 * member's own words: of one that makes up ever new ones, rows and what is shown of them stay few.
 */
const COUNT = `
  WITH said AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS said (scope text, reason text, count bigint)),
  known AS (SELECT DISTINCT scope, reason FROM ring.member_refusal WHERE node_id = $1),
  placed AS (
    SELECT said.*, known.reason IS NOT NULL AS is_known,
           (SELECT count(*) FROM known AS each WHERE each.scope = said.scope)
             + row_number() OVER (PARTITION BY said.scope, known.reason IS NULL ORDER BY said.reason) AS place
      FROM said LEFT JOIN known USING (scope, reason)
  ),
  counted AS (
    SELECT scope, CASE WHEN is_known OR place <= ${REPORT_LIMITS.reasons} THEN reason ELSE 'other' END AS reason, count FROM placed
  )
  INSERT INTO ring.member_refusal AS stands (scope, node_id, since, reason, count)
  SELECT scope, $1, $2, reason, least(sum(count), ${Number.MAX_SAFE_INTEGER}) FROM counted
   GROUP BY scope, reason ORDER BY scope, reason
  ON CONFLICT (scope, node_id, since, reason)
  DO UPDATE SET count = least(stands.count + excluded.count, ${Number.MAX_SAFE_INTEGER})`;

async function countRefusals(
  manager: EntityManager,
  { nodeId, now }: Reporter,
  heard: readonly Heard[],
): Promise<void> {
  const counts = heard.flatMap(({ said: { scope, refusals } }) =>
    Object.entries(refusals).map(([reason, count]) => ({ scope, reason, count })),
  );
  const since = new Date(Math.floor(now.getTime() / PIECE_MS) * PIECE_MS);
  await manager.query(
    `DELETE FROM ring.member_refusal WHERE node_id = $1 AND since <= $2::timestamptz - interval '1 hour'`,
    [...[nodeId, now]],
  );
  await manager.query(COUNT, [nodeId, since, JSON.stringify(counts)]);
}
