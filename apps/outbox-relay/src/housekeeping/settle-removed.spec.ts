import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { DataSource } from 'typeorm';
import { settleRemoved } from './settle-removed';

jest.setTimeout(60_000);

const [REMOVED, ENROLLED] = [randomUUID(), randomUUID()];
const SEED = `
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1);
  INSERT INTO ring.node (id, scope, name, bus_public_key, state) VALUES
    ('${REMOVED}', 'platform', 'a', 'U1', 'removed'), ('${ENROLLED}', 'platform', 'b', 'U2', 'enrolled');
  INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch, settled_platform_epoch)
    SELECT id, scope, 1, 1, 1, 1 FROM ring.node;
  UPDATE outbox.node_stream SET state = 'ending' WHERE node_id = '${REMOVED}';
  INSERT INTO outbox.event (event_id, scope, event_type) VALUES ('e', 'platform', 'x');
  INSERT INTO outbox.message (node_id, scope, event_id) SELECT id, scope, 'e' FROM ring.node`;

let test: TestDatabase;
let owner: DataSource;
let relay: DataSource;

beforeAll(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  await owner.query(SEED);
  relay = await new DataSource(storeOptions(await test.urlAs('outbox-relay'), 'spec')).initialize();
});

afterAll(async () => {
  await Promise.all([relay.destroy(), owner.destroy()]);
  await test.drop();
});

it('settles what waited for a Node that was removed, and nothing else', async () => {
  await settleRemoved(relay.manager);
  const rows = await owner.query('SELECT node_id, state, outcome FROM outbox.message ORDER BY state');
  expect(rows).toEqual([
    { node_id: REMOVED, state: 'settled', outcome: 'superseded' },
    { node_id: ENROLLED, state: 'unsent', outcome: null },
  ]);
  const stateOf = () => owner.query(`SELECT state FROM outbox.node_stream ORDER BY state DESC`);
  expect(await stateOf()).toEqual([{ state: 'open' }, { state: 'ending' }]);
  await settleRemoved(relay.manager);
  expect(await stateOf()).toEqual([{ state: 'open' }, { state: 'ended' }]);
});
