// What a gateway's questions read of a database with 100,000 Nodes, 1,000 rings and 300 rotations behind each of some: of each
// Node a handful of rows, and nothing by going over a table.
import { migrateStore } from '@plexsphere/store';
import { openConnections } from '@plexsphere/store/sql';
import {
  TestRings,
  readsOf,
  seedHttpNodes,
  seedRing,
  testDatabase,
  type Reads,
  type TestDatabase,
} from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { ChainReader, placeAfter } from '../rings/chain-reader';
import { StreamRows } from '../streams/stream-rows';
import { NodeViews } from './node-views';
import { RingViews } from './ring-views';

jest.setTimeout(300_000);

const DOMAIN = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';
const NODES = 100_000;
const OTHER_RINGS = 1_000;
const ROTATIONS = 300;
/** More often than a statement is planned anew for its values, and so often that what planning itself reads does not count. */
const ASKED = 100;
/** Of one question, of one table: a ring's last sixteen changes are the most. */
const MOST_ROWS = 24;

let base: TestDatabase;
let owner: DataSource;
let ids: string[];
const query = (text: string, values: unknown[]) => owner.query<unknown[]>(text, values);

beforeAll(async () => {
  base = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: base.url }).initialize();
  const rings = new TestRings();
  await rings.create(PLATFORM, 'p1');
  await rings.create(DOMAIN, 'k1');
  for (const ring of rings.all()) await seedRing(query, ring);
  await query(
    `INSERT INTO ring.key_ring (scope, epoch, trust_epoch)
     SELECT 'domain:' || gen_random_uuid(), 1, 1 FROM generate_series(1, $1::int)`,
    [OTHER_RINGS],
  );
  await query(
    `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state)
     SELECT $1, 'gone-' || i, 'Ed25519', 'x', 'retired' FROM generate_series(1, $2::int) i`,
    [DOMAIN, ROTATIONS],
  );
  await query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, switched_at)
     SELECT $1, 1 + i, 'rotate', 'gone-' || i, gen_random_uuid(), 's', 'h' || i, now() FROM generate_series(1, $2::int) i`,
    [DOMAIN, ROTATIONS],
  );
  await query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, switched_at)
     SELECT scope, i, 'rotate', 'k', gen_random_uuid(), 's', scope || i, now()
       FROM ring.key_ring, generate_series(2, 11) i WHERE scope NOT IN ($1, 'platform')`,
    [DOMAIN],
  );
  ids = await seedHttpNodes(query, DOMAIN, 0, NODES);
  // Each has had two events, and one in ten lacks one.
  await query(
    `INSERT INTO outbox.event (event_id, scope, event_type) SELECT 'e' || i, $1, 'x' FROM generate_series(1, 3) i`,
    [DOMAIN],
  );
  await query(
    `INSERT INTO outbox.message (node_id, scope, event_id, position, state, outcome, settled_at)
     SELECT node_id, scope, 'e' || i, i, 'settled', 'applied', now() FROM outbox.node_stream, generate_series(1, 2) i`,
    [],
  );
  await query(
    `INSERT INTO outbox.message (node_id, scope, event_id, position, state, issued_at)
     SELECT node_id, scope, 'e3', 3, 'sent', now() FROM outbox.node_stream WHERE get_byte(uuid_send(node_id), 0) < 26`,
    [],
  );
  await query('ANALYZE', []);
  // What its connections have read is counted at their end.
  await owner.destroy();
  await owner.initialize();
});
afterAll(async () => {
  await owner.destroy();
  await base.drop();
});

type Ask = (database: Pool, id: string, index: number) => Promise<unknown>;

const QUESTIONS: [string, Ask][] = [
  ['who calls', (database, id) => new NodeViews(database).read(id)],
  ['who calls and is nobody', (database) => new NodeViews(database).read('0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11')],
  ['the row of a stream', (database, id) => new StreamRows(database).read(id)],
  ['the row of a stream that comes with an id', (database, id, index) => new StreamRows(database).read(id, index % 5)],
  ['a ring that has changed', (database) => new StreamRows(database).ring(DOMAIN)],
  ['a key set', (database) => new RingViews(database).keys(DOMAIN)],
  [
    'where a chain begins',
    (database) => new ChainReader(database).start(DOMAIN, { epoch: ROTATIONS - 5, platformEpoch: 1 }),
  ],
  [
    'a chain',
    (database) => {
      const after = { epoch: ROTATIONS - 5, platformEpoch: 1 };
      return new ChainReader(database).read(DOMAIN, placeAfter(DOMAIN, after));
    },
  ],
];

test.each(QUESTIONS)('%s goes by an index', async (_, ask) => {
  const url = await base.urlAs('gateway');
  const reads = await readsOf(query, async () => {
    const database = await openConnections(url, 'spec', () => undefined);
    for (let index = 0; index < ASKED; index++) await ask(database, ids[index * 900]!, index);
    await database.end();
  });
  const read = (table: string): Reads => reads.get(table) ?? { scanned: -1, fetched: -1 };
  for (const table of ['node', 'node_stream', 'message', 'signing_key', 'ring_change']) {
    const { scanned, fetched } = read(table);
    expect([table, scanned, fetched <= ASKED * MOST_ROWS ? 'few' : fetched / ASKED]).toEqual([table, 0, 'few']);
  }
});
