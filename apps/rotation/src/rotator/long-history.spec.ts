// What every turn of a replica costs does not grow with what its rings have been through, as PostgreSQL counts it.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { plansOf, rowsRead } from '../../testing/plans';
import { CONFIG } from '../../testing/heart';
import { seededRings, type SeededRings } from '../../testing/seeded-rings';
import { listSettled } from '../rotations/settle-rollbacks';
import { listScheduled, lookFor } from './find-candidates';
import { readSnapshot } from '../transactions/database-clock';

jest.setTimeout(60_000);

const RINGS = 20;
const ROTATIONS = 300;
const SCOPE_OF = (ring: string): string => `'domain:' || lpad(${ring}::text, 8, '0') || '-cccc-4ccc-8ccc-cccccccccccc'`;

let seeded: SeededRings;
beforeAll(async () => {
  seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  await seeded.asOwner(`
    INSERT INTO ring.key_ring (scope, epoch, trust_epoch) SELECT ${SCOPE_OF('n')}, 700, 700 FROM generate_series(1, ${RINGS}) n;
    INSERT INTO ring.policy (scope, own, scheduled_since)
    SELECT ${SCOPE_OF('n')}, '{"rotateEvery":{"everyMs":86400000}}', now() - interval '900 days' FROM generate_series(1, ${RINGS}) n;
    INSERT INTO ring.schedule (scope, due_at, acted_at, key_id, request_id)
    SELECT ${SCOPE_OF('n')}, at, at + interval '1 minute', 'k', gen_random_uuid()
      FROM generate_series(1, ${RINGS}) n, generate_series(now() - interval '${ROTATIONS} days', now() - interval '1 day', '1 day') at;
    INSERT INTO ring.transition (scope, old_key_id, new_key_id, opened_at, activated_at, closes_at, transition_expires,
                                 opened_epoch, actor, request_id, outcome, ended_at)
    SELECT ${SCOPE_OF('n')}, 'k' || r, 'k' || r + 1, at, at, at + interval '1 hour', at + interval '1 hour', r, 'rotation',
           gen_random_uuid(), CASE r WHEN ${ROTATIONS} THEN 'rolled_back' ELSE 'closed' END, at
      FROM generate_series(1, ${RINGS}) n, generate_series(1, ${ROTATIONS}) r,
           LATERAL (SELECT now() - (${ROTATIONS} - r) * interval '1 day' - interval '3 hours' AS at) AS day;
    INSERT INTO ring.signing_key (scope, key_id, algorithm, state, verifies_until)
    SELECT ${SCOPE_OF('n')}, 'k${ROTATIONS + 1}', 'Ed25519', 'retiring', now() - interval '1 minute' FROM generate_series(1, ${RINGS}) n;
    ANALYZE`);
});
afterAll(() => seeded.drop());

it('of a ring that was rotated for years the last time alone is read', async () => {
  const plans = await plansOf(seeded.database, (database) =>
    readSnapshot(database, (manager) => {
      const { text, values } = lookFor(CONFIG);
      return manager.query(text, values);
    }),
  );
  for (const table of ['schedule', 'transition']) {
    expect({ table, isFew: rowsRead(plans, table) <= 3 * RINGS }).toEqual({ table, isFew: true });
  }
  const { manager } = seeded.database;
  const scope = 'domain:00000001-cccc-4ccc-8ccc-cccccccccccc';
  const [scheduled] = await listScheduled(manager, [scope]);
  const [{ last }] = (await seeded.asOwner<{ last: Date }>(
    `SELECT max(at) AS last FROM (SELECT opened_at AS at FROM ring.transition WHERE scope = '${scope}'
                                  UNION SELECT acted_at FROM ring.schedule WHERE scope = '${scope}') AS times`,
  )) as [{ last: Date }];
  expect(scheduled?.since).toEqual(last);
});

it('of a ring whose retiring key has had its time the latest rotation alone is read', async () => {
  const plans = await plansOf(seeded.database, (database) => readSnapshot(database, listSettled));
  expect(rowsRead(plans, 'transition')).toBeLessThanOrEqual(3 * RINGS);
  expect(await listSettled(seeded.database.manager)).toHaveLength(RINGS);
});
