// Removing a Node, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { DataSource } from 'typeorm';
import type { Revocations } from '../bus-account/revocations';
import { fanOutToScope } from '../events/fan-out';
import type { NodeName } from './list-nodes';
import { countRing } from './counting/count-nodes';
import type { AfterCommit } from '../rotations/after-commit';
import type { RequestIdentity } from '../transactions/requests';
import { CommandTransactions } from '../transactions/command-transactions';
import { RemoveNode } from './remove-node';

jest.setTimeout(60_000);

const DOMAIN = `domain:${randomUUID()}`;
const [NODE, OTHER] = [randomUUID(), randomUUID()];
/** Nobody here is a member of a channel, whose rings would change. */
const NO_MEMBERS = {} as AfterCommit;
const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', 'old');
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1), ('${DOMAIN}', 1, 1);
  INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES
    ('${NODE}', '${DOMAIN}', 'edge-1', 'U1'), ('${OTHER}', '${DOMAIN}', 'edge-2', 'U2');
  INSERT INTO outbox.node_stream
    (node_id, scope, told_epoch, told_platform_epoch, settled_epoch, settled_platform_epoch)
    SELECT id, scope, 1, 1, 1, 1 FROM ring.node`;

let test: TestDatabase;
let owner: DataSource;
let database: DataSource;
let isBusThere: boolean;
let remove: (named: NodeName, requestId?: string) => Promise<unknown>;

beforeEach(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  await owner.query(SEED);
  isBusThere = true;
  database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
  const revocations = { push: async () => isBusThere } as Revocations;
  const removing = new RemoveNode(
    database,
    new CommandTransactions(database, database, logger),
    revocations,
    NO_MEMBERS,
    logger,
  );
  remove = (named, requestId = randomUUID()) => {
    const identity: RequestIdentity = { requestId, command: 'node.remove', actor: 'somebody', bodyHash: 'b' };
    return removing.remove(named, identity);
  };
});

afterEach(async () => {
  await Promise.all([database.destroy(), owner.destroy()]);
  await test.drop();
});

it.each<[string, NodeName]>([
  ['its id', { id: NODE }],
  ['its scope and name', { scope: DOMAIN, name: 'edge-1' }],
  ['all of them', { id: NODE, scope: DOMAIN, name: 'edge-1' }],
])('removes a Node by %s', async (_, request) => {
  expect(await remove(request)).toMatchObject({ node_id: NODE, scope: DOMAIN, name: 'edge-1', pushed: true });
  expect(
    await owner.query('SELECT state, removed_at IS NOT NULL AS timed FROM ring.node WHERE id = $1', [NODE]),
  ).toEqual([{ state: 'removed', timed: true }]);
  expect(await owner.query('SELECT public_key, kind, expires_at FROM ring.bus_revocation')).toEqual([
    { public_key: 'U1', kind: 'node', expires_at: null },
  ]);
  expect(await owner.query('SELECT action, scope FROM ring.audit')).toEqual([{ action: 'node.remove', scope: DOMAIN }]);
});

it.each<[string, NodeName]>([
  ['another scope', { id: NODE, scope: 'platform' }],
  ['another name', { id: NODE, name: 'edge-2' }],
  ['an id of nobody', { id: randomUUID() }],
])('does not know it by %s', async (_, request) => {
  await expect(remove(request)).rejects.toMatchObject({ detail: 'signing: unknown node' });
  expect(await owner.query('SELECT FROM ring.bus_revocation')).toEqual([]);
});

it('counts it no more, in the fan-out and in the gate', async () => {
  await remove({ id: NODE });
  const event = { eventId: 'e', scope: DOMAIN, eventType: 'x', payload: null };
  expect(await database.transaction((manager) => fanOutToScope(manager, event))).toBe(1);
  const counted = await countRing(database.manager, { scope: DOMAIN, trustEpoch: 1 }, { now: new Date(), names: 9 });
  expect(counted).toMatchObject({ enrolled: 1, pending: { first: ['edge-2'] } });
});

it('leaves a word for the relays that of keys it needs nothing more', async () => {
  await remove({ id: NODE });
  const gone = { scope: DOMAIN, how: 'left', epoch: Number.MAX_SAFE_INTEGER, platform_epoch: Number.MAX_SAFE_INTEGER };
  expect(await owner.query('SELECT marks FROM outbox.key_mark')).toMatchObject([
    { marks: [{ node_id: NODE, ...gone }] },
  ]);
});

it('answers a retry alike, and a second request that there is no such Node', async () => {
  const requestId = randomUUID();
  const first = await remove({ id: NODE }, requestId);
  expect(await remove({ id: NODE }, requestId)).toEqual(first);
  await expect(remove({ id: NODE })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('S3: says so where the bus does not have it yet; what is committed stands', async () => {
  isBusThere = false;
  expect(await remove({ id: NODE })).toMatchObject({ node_id: NODE, pushed: false });
  expect(await owner.query('SELECT FROM ring.bus_revocation WHERE signed_at IS NULL')).toHaveLength(1);
});

it('of two that remove it at once removes it for one', async () => {
  const ends = await Promise.allSettled([remove({ id: NODE }), remove({ id: NODE })]);
  expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await owner.query('SELECT FROM ring.audit')).toHaveLength(1);
});
