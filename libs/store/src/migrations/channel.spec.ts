// What the migration for channels makes of a database that has been in use, and what it guards from then on.
import { DatabaseBefore } from '../../testing/database-before';
import { CHANNEL } from './1700000000008-channel';

jest.setTimeout(60_000);

/** One rotation that was closed, one that is open, and what stands beside them. */
const IN_USE = `
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 4, 4);
  INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until) VALUES
    ('platform', 'p1', 'Ed25519', 'A', 'retired', NULL), ('platform', 'p2', 'Ed25519', 'B', 'retiring', now()),
    ('platform', 'p3', 'Ed25519', 'C', 'active', NULL);
  INSERT INTO ring.transition (scope, old_key_id, new_key_id, opened_at, closes_at, transition_expires, opened_epoch, actor,
                               request_id, outcome, ended_at) VALUES
    ('platform', 'p1', 'p2', '2030-01-01Z', '2030-01-02Z', '2030-01-02Z', 2, 'a', gen_random_uuid(), 'closed', '2030-01-02Z'),
    ('platform', 'p2', 'p3', '2030-02-01Z', '2030-02-02Z', '2030-02-02Z', 4, 'a', gen_random_uuid(), NULL, NULL);
  INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id) VALUES
    ('platform', 1, 'create', 'p1', 'e1'), ('platform', 3, 'close', 'p2', 'e3'), ('platform', 4, 'rotate', 'p3', 'e4');
  INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES
    ('aaaaaaaa-0000-4000-8000-000000000001', 'platform', 'app-1', 'U1'),
    ('aaaaaaaa-0000-4000-8000-000000000002', 'platform', 'app-2', 'U2');`;

let before: DatabaseBefore;
beforeEach(async () => {
  before = await DatabaseBefore.of(CHANNEL);
});
afterEach(() => before.end());
const run = (sql: string): Promise<unknown[]> => before.run(sql);

it('leaves an empty database empty', async () => {
  await run(CHANNEL.sql);
  const tables = ['channel', 'member', 'member_key', 'member_report', 'member_refusal', 'transition', 'signing_key'];
  for (const table of tables) expect([table, await run(`SELECT FROM ring.${table}`)]).toEqual([table, []]);
});

it('says of every rotation that there was that its key signed at once, and changes nothing else', async () => {
  await run(IN_USE);
  const all = ['key_ring', 'signing_key', 'transition', 'ring_change', 'node'];
  const read = async () => {
    const rows: unknown[] = [];
    for (const table of all)
      rows.push(
        await run(
          `SELECT to_jsonb(t) - '{activated_at,check_value,staged_epoch}'::text[] AS row FROM ring.${table} t ORDER BY t::text`,
        ),
      );
    return rows;
  };
  const before = await read();
  await run(CHANNEL.sql);
  expect(await read()).toEqual(before);
  expect(await run('SELECT activated_at = opened_at AS at_once FROM ring.transition')).toEqual([
    { at_once: true },
    { at_once: true },
  ]);
  expect(await run('SELECT check_value, staged_epoch FROM ring.signing_key WHERE check_value IS NOT NULL')).toEqual([]);
});

describe('from then on', () => {
  const A = 'aaaaaaaa-0000-4000-8000-000000000001';
  const SCOPE = 'channel:acme:app-to-plugin';
  const RING_OF_CHANNEL = `
    INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('${SCOPE}', 1, 1);
    INSERT INTO ring.signing_key (scope, key_id, algorithm, state, check_value, staged_epoch) VALUES
      ('${SCOPE}', 'k1', 'HS256', 'active', 'c', 1);
    INSERT INTO ring.channel (slug, side_a, side_b) VALUES ('acme', 'app', 'plugin');
    INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink) VALUES ('${A}', 'acme', 'app', 'S', false);
    INSERT INTO ring.member_report (scope, node_id, epoch, acknowledged_epoch, acknowledged_at, reported_at, period_from) VALUES
      ('${SCOPE}', '${A}', 1, 1, now(), now(), now());
    INSERT INTO ring.member_key (scope, node_id, key_id, proven_at, epoch, proof) VALUES ('${SCOPE}', '${A}', 'k1', now(), 1, 'p');
    INSERT INTO ring.member_refusal (scope, node_id, since, reason, count) VALUES ('${SCOPE}', '${A}', now(), 'stale', 3);`;
  beforeEach(async () => {
    await run(IN_USE);
    await run(CHANNEL.sql);
    await run(RING_OF_CHANNEL);
  });

  const opened = (activatedAt: string): string => `
    INSERT INTO ring.transition (scope, old_key_id, new_key_id, opened_at, activated_at, closes_at, transition_expires,
                                 opened_epoch, actor, request_id)
    VALUES ('${SCOPE}', 'k1', 'k2', '2030-01-01Z', ${activatedAt}, '2030-01-02Z', '2030-01-02Z', 2, 'a', gen_random_uuid())`;

  it.each([
    ['a rotation whose key is staged', opened('NULL')],
    [
      'a Node over HTTP without tunnels',
      `INSERT INTO ring.node (id, scope, name, bearer_hash)
         VALUES ('aaaaaaaa-0000-4000-8000-000000000003', 'platform', 'app-3', sha256('x'))`,
    ],
    ['one whose key signs since later', opened(`'2030-01-01 12:00Z'`)],
    ...['activate', 'members'].map((change) => [
      `the change ${change}`,
      `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id) VALUES ('${SCOPE}', 2, '${change}', 'k1', 'x')`,
    ]),
  ])('takes %s', async (_, sql) => expect(await run(sql)).toEqual([]));

  const CHECK_VIOLATION = '23514';
  const FOREIGN_KEY_VIOLATION = '23503';
  const UNIQUE_VIOLATION = '23505';
  it.each([
    ['a key that signs before it was opened', opened(`'2029-01-01Z'`), CHECK_VIOLATION],
    ['a window that is over when it begins', opened(`'2030-01-02Z'`), CHECK_VIOLATION],
    ['a change that is none', `UPDATE ring.ring_change SET change = 'prove'`, CHECK_VIOLATION],
    ['half of what a tunnel needs', `UPDATE ring.node SET mesh_ip = '100.64.0.1'`, CHECK_VIOLATION],
    ['a public half beside a check value', `UPDATE ring.signing_key SET public_key = 'A'`, CHECK_VIOLATION],
    ['a check value of no epoch', `UPDATE ring.signing_key SET staged_epoch = NULL`, CHECK_VIOLATION],
    [
      'a channel with one side',
      `INSERT INTO ring.channel (slug, side_a, side_b) VALUES ('x', 'a', 'a')`,
      CHECK_VIOLATION,
    ],
    [
      'a member of a channel that is none',
      `INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink)
         VALUES ('aaaaaaaa-0000-4000-8000-000000000002', 'other', 'app', 'T', false)`,
      FOREIGN_KEY_VIOLATION,
    ],
    [
      'two members under one seal',
      `INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink)
         VALUES ('aaaaaaaa-0000-4000-8000-000000000002', 'acme', 'plugin', 'S', false)`,
      UNIQUE_VIOLATION,
    ],
    ['a proof of a key that is none', `UPDATE ring.member_key SET key_id = 'k9'`, FOREIGN_KEY_VIOLATION],
    ['an acknowledgement beyond what is held', `UPDATE ring.member_report SET acknowledged_epoch = 2`, CHECK_VIOLATION],
    ['an acknowledgement of no time', `UPDATE ring.member_report SET acknowledged_at = NULL`, CHECK_VIOLATION],
  ])('refuses %s', async (_, sql, code) => expect(run(sql)).rejects.toMatchObject({ code }));

  it('forgets what a member refused with what it reported', async () => {
    await run('DELETE FROM ring.member_report');
    expect(await run('SELECT FROM ring.member_refusal')).toEqual([]);
  });
});
