// What the migration for what is due makes of a database that has been in use.
import { DatabaseBefore } from '../../testing/database-before';
import { DUE } from './1700000000010-due';

jest.setTimeout(60_000);

const DOMAIN = 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const node = (n: number): string => `eeeeeeee-0000-4000-8000-00000000000${n}`;
const [PRESENT, AWAY, REMOVED] = [node(1), node(2), node(3)];

const IN_USE = `
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1), ('${DOMAIN}', 1, 1);
  INSERT INTO ring.node (id, scope, name, bus_public_key, state) VALUES
    ('${PRESENT}', '${DOMAIN}', 'a', 'U1', 'enrolled'), ('${AWAY}', 'platform', 'b', 'U2', 'enrolled'),
    ('${REMOVED}', '${DOMAIN}', 'c', 'U3', 'revoked');
  INSERT INTO outbox.node_stream (node_id, scope, told_epoch, settled_epoch, told_platform_epoch, settled_platform_epoch,
                                  last_seen_at, resend_at)
    SELECT id, scope, 1, 1, 1, 1, CASE name WHEN 'a' THEN now() WHEN 'b' THEN now() - interval '1 h' END, now() FROM ring.node;
  INSERT INTO outbox.event (event_id, scope, event_type) VALUES ('e', '${DOMAIN}', 'news');
  INSERT INTO outbox.message (node_id, event_id, state, outcome) SELECT id, 'e', 'settled', 'applied' FROM ring.node;
  UPDATE outbox.message SET state = 'unsent', outcome = NULL WHERE node_id = '${AWAY}'`;

let before: DatabaseBefore;
beforeEach(async () => {
  before = await DatabaseBefore.of(DUE);
});
afterEach(() => before.end());
const run = (sql: string): Promise<unknown[]> => before.run(sql);

it('leaves an empty database empty', async () => {
  await run(DUE.sql);
  for (const table of ['node_stream', 'message']) expect(await run(`SELECT FROM outbox.${table}`)).toEqual([]);
});

it('ends the streams of those that were taken out, plans nothing for who is away, and says whose each message is', async () => {
  await run(IN_USE);
  await run(DUE.sql);
  expect(
    await run(`SELECT node_id, state, resend_at IS NOT NULL AS again FROM outbox.node_stream ORDER BY node_id`),
  ).toEqual([
    { node_id: PRESENT, state: 'open', again: true },
    { node_id: AWAY, state: 'open', again: false },
    { node_id: REMOVED, state: 'ending', again: false },
  ]);
  expect(await run(`SELECT node_id, scope FROM outbox.message ORDER BY node_id`)).toEqual([
    { node_id: PRESENT, scope: DOMAIN },
    { node_id: AWAY, scope: 'platform' },
    { node_id: REMOVED, scope: DOMAIN },
  ]);
});
