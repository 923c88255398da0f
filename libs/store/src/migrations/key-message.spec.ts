// What the migration for key events makes of a database that has been in use.
import { DatabaseBefore } from '../../testing/database-before';
import { DUE } from './1700000000010-due';
import { KEY_MESSAGE } from './1700000000011-key-message';

jest.setTimeout(60_000);

const DOMAIN = 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const node = (n: number): string => `eeeeeeee-0000-4000-8000-00000000000${n}`;
const event = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
const [APPLIED, SENT, UNSENT, REMOVED] = [node(1), node(2), node(3), node(4)];
const [FIRST, OPEN, OF_PLATFORM, NEWS] = [event(1), event(2), event(3), event(4)];

/**
 * A rotation of the Domain's that is closed, one that is open, one of the platform's, and an ordinary event; Nodes as they
 * stand in the middle of it. One of the first event's rows was applied and is deleted.
 */
const IN_USE = `
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 2, 2), ('${DOMAIN}', 4, 4);
  INSERT INTO ring.node (id, scope, name, bus_public_key, state) VALUES
    ('${APPLIED}', '${DOMAIN}', 'applied', 'U1', 'enrolled'), ('${SENT}', '${DOMAIN}', 'sent', 'U2', 'enrolled'),
    ('${UNSENT}', '${DOMAIN}', 'unsent', 'U3', 'enrolled'), ('${REMOVED}', '${DOMAIN}', 'removed', 'U4', 'removed');
  INSERT INTO outbox.node_stream (node_id, scope, told_epoch, settled_epoch, told_platform_epoch, settled_platform_epoch) VALUES
    ('${APPLIED}', '${DOMAIN}', 4, 4, 2, 2), ('${SENT}', '${DOMAIN}', 4, 2, 2, 1),
    ('${UNSENT}', '${DOMAIN}', 2, 2, 1, 1), ('${REMOVED}', '${DOMAIN}', 2, 2, 1, 1);
  INSERT INTO outbox.event (event_id, scope, event_type, epoch, nodes) VALUES
    ('${FIRST}', '${DOMAIN}', 'signing_key_rotated', 2, 4), ('${OPEN}', '${DOMAIN}', 'signing_key_rotated', 4, 4),
    ('${OF_PLATFORM}', 'platform', 'signing_key_rotated', 2, 2), ('${NEWS}', '${DOMAIN}', 'news', NULL, 2);
  INSERT INTO outbox.message (node_id, event_id, ring_scope, epoch, state, outcome, settled_at) VALUES
    ('${SENT}', '${FIRST}', '${DOMAIN}', 2, 'settled', 'applied', now()),
    ('${UNSENT}', '${FIRST}', '${DOMAIN}', 2, 'settled', 'superseded', now()),
    ('${REMOVED}', '${FIRST}', '${DOMAIN}', 2, 'settled', 'applied', now()),
    ('${APPLIED}', '${OPEN}', '${DOMAIN}', 4, 'unsent', NULL, NULL),
    ('${SENT}', '${OPEN}', '${DOMAIN}', 4, 'sent', NULL, NULL),
    ('${UNSENT}', '${OPEN}', '${DOMAIN}', 4, 'unsent', NULL, NULL),
    ('${REMOVED}', '${OPEN}', '${DOMAIN}', 4, 'unsent', NULL, NULL),
    ('${APPLIED}', '${OF_PLATFORM}', 'platform', 2, 'settled', 'applied', now()),
    ('${SENT}', '${OF_PLATFORM}', 'platform', 2, 'sent', NULL, NULL);
  INSERT INTO outbox.message (node_id, event_id, position, state) VALUES
    ('${SENT}', '${NEWS}', 1, 'sent'), ('${UNSENT}', '${NEWS}', NULL, 'unsent');`;

let before: DatabaseBefore;
beforeEach(async () => {
  // Both come together: rows are as they were before the first of the two.
  before = await DatabaseBefore.of(DUE);
});
afterEach(() => before.end());
const run = (sql: string): Promise<unknown[]> => before.run(sql);

it('leaves an empty database empty', async () => {
  await run(DUE.sql);
  await run(KEY_MESSAGE.sql);
  for (const table of ['event', 'message', 'key_message', 'key_mark'])
    expect([table, await run(`SELECT FROM outbox.${table}`)]).toEqual([table, []]);
});

it('keeps of each key message whether it is settled, of an open rotation too, and counts them', async () => {
  await run(IN_USE);
  await run(DUE.sql);
  await run(KEY_MESSAGE.sql);
  const rows = await run('SELECT event_id, node_id, applied FROM outbox.key_message ORDER BY 1, 2');
  expect(rows).toEqual([
    { event_id: FIRST, node_id: SENT, applied: true },
    { event_id: FIRST, node_id: UNSENT, applied: false },
    { event_id: FIRST, node_id: REMOVED, applied: true },
    // Its acknowledgement is on record, and the row was never marked.
    { event_id: OPEN, node_id: APPLIED, applied: true },
    { event_id: OPEN, node_id: SENT, applied: null },
    { event_id: OPEN, node_id: UNSENT, applied: null },
    { event_id: OPEN, node_id: REMOVED, applied: false },
    { event_id: OF_PLATFORM, node_id: APPLIED, applied: true },
    { event_id: OF_PLATFORM, node_id: SENT, applied: null },
  ]);
  expect(await run('SELECT event_id, nodes, applied, superseded FROM outbox.event ORDER BY 1')).toEqual([
    { event_id: FIRST, nodes: 4, applied: 3, superseded: 1 },
    { event_id: OPEN, nodes: 4, applied: 1, superseded: 1 },
    { event_id: OF_PLATFORM, nodes: 2, applied: 1, superseded: 0 },
    { event_id: NEWS, nodes: 2, applied: 0, superseded: 0 },
  ]);
});

it('leaves ordinary messages and streams as they are', async () => {
  await run(IN_USE);
  await run(DUE.sql);
  const messages = `SELECT to_jsonb(m) - '{ring_scope,epoch}'::text[] AS row FROM outbox.message m
                     WHERE event_id = '${NEWS}' ORDER BY id`;
  const streams = 'SELECT * FROM outbox.node_stream ORDER BY node_id';
  const before = [await run(messages), await run(streams)];
  await run(KEY_MESSAGE.sql);
  expect([await run(messages), await run(streams)]).toEqual(before);
  expect(await run('SELECT FROM outbox.message')).toHaveLength(2);
});
