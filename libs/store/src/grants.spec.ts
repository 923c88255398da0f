// What each service's role may do beyond its part, tried on a real PostgreSQL.
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { leftOpen, migrateStore } from '.';

/** SQLSTATE insufficient_privilege. */
const DENIED = '42501';

let test: TestDatabase;
let urls: Record<'rotation' | 'outbox-relay' | 'gateway', string>;
beforeAll(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  // A copied database has the rights of a new one: what stands at the database itself is granted in each.
  await migrateStore(test.url);
  urls = {
    rotation: await test.urlAs('rotation'),
    'outbox-relay': await test.urlAs('outbox-relay'),
    gateway: await test.urlAs('gateway'),
  };
}, 60_000);
afterAll(() => test.drop());

/** The SQLSTATE; `done` where the database did it. */
async function outcome(url: string, ...statements: string[]): Promise<string> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.query('BEGIN');
    for (const statement of statements) await client.query(statement);
    return 'done';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.end();
  }
}

const FOR_NOBODY = [
  'CREATE TEMPORARY TABLE mine (x int)',
  'CREATE TABLE public.mine (x int)',
  'CREATE SCHEMA mine',
  'SELECT lo_create(0)',
  'SELECT lo_creat(-1)',
  `SELECT lo_from_bytea(0, 'x')`,
  'SELECT pg_advisory_lock(1)',
  'SELECT pg_advisory_lock_shared(1)',
  'SELECT pg_try_advisory_lock(1)',
  'SELECT pg_advisory_xact_lock(1, 1)',
  'SELECT pg_try_advisory_lock(1, 1)',
];

const FOR_NEITHER_RING_NOR_PAST = [
  `UPDATE ring.key_ring SET scope = 'platform'`,
  `UPDATE ring.key_ring SET created_at = now()`,
  `UPDATE ring.signing_key SET public_key = 'A'`,
  `UPDATE ring.signing_key SET key_id = 'k'`,
  `UPDATE ring.signing_key SET check_value = 'c'`,
  `UPDATE ring.signing_key SET staged_epoch = 1`,
  `UPDATE ring.transition SET opened_at = now()`,
  `UPDATE ring.channel SET side_a = 'other'`,
  `UPDATE ring.member SET sealing_key = 'K'`,
  `UPDATE ring.member SET side = 'other'`,
  `UPDATE ring.member_key SET key_id = 'k'`,
  'DELETE FROM ring.channel',
  'DELETE FROM ring.member',
  `UPDATE ring.transition SET actor = 'somebody'`,
  `UPDATE ring.transition SET reason = 'another'`,
  `UPDATE ring.ring_change SET statement = 's'`,
  `UPDATE ring.node SET scope = 'platform'`,
  `UPDATE ring.operator SET role = 'admin'`,
  `UPDATE ring.operator SET scopes = NULL`,
  `UPDATE ring.operator SET bus_public_key = 'U'`,
  `UPDATE ring.operator SET expires_at = NULL`,
  `INSERT INTO ring.audit (happened_at, actor, action, scope) VALUES (now() - interval '1 d', 'a', 'b', 'c')`,
  `UPDATE ring.audit SET actor = 'somebody'`,
  'DELETE FROM ring.audit',
  `UPDATE ring.refusal SET actor = 'somebody'`,
  `UPDATE outbox.node_stream SET settled_epoch = 9`,
  `INSERT INTO outbox.message (node_id, scope, event_id, state, outcome)
     VALUES (gen_random_uuid(), 's', 'e', 'settled', 'applied')`,
  `INSERT INTO outbox.event (event_id, scope, event_type, created_at) VALUES ('e', 's', 't', now())`,
  `INSERT INTO outbox.key_message (event_id, node_id, applied) VALUES (gen_random_uuid(), gen_random_uuid(), true)`,
  'UPDATE outbox.key_message SET applied = true',
  'DELETE FROM outbox.key_message',
  'SELECT FROM outbox.key_mark',
  'UPDATE outbox.event SET applied = 1',
  'DELETE FROM ring.transition',
  'DELETE FROM ring.node',
];

const BEYOND_THE_RELAY = [
  'SELECT sealing_key FROM ring.member',
  'SELECT FROM ring.member_report',
  `UPDATE ring.member SET removed_at = now()`,
  'SELECT pg_advisory_xact_lock(1)',
  'SELECT pg_try_advisory_xact_lock(1)',
  'SELECT bus_public_key FROM ring.node',
  'SELECT FROM ring.transition',
  'SELECT FROM ring.audit',
  'SELECT FROM ring.lease',
  'SELECT FROM ring.member_key',
  'SELECT FROM ring.member_report',
  'SELECT FROM ring.refusal',
  `UPDATE outbox.message SET event_id = 'another'`,
  `UPDATE outbox.message SET node_id = gen_random_uuid()`,
  'UPDATE outbox.key_message SET node_id = gen_random_uuid()',
  'INSERT INTO outbox.key_message (event_id, node_id) VALUES (gen_random_uuid(), gen_random_uuid())',
  'UPDATE outbox.event SET nodes = 0',
  `UPDATE outbox.node_stream SET scope = 'platform'`,
  `UPDATE outbox.event SET payload = '{}'`,
  'DELETE FROM outbox.node_stream',
];

describe('S11: a role may not go beyond its part', () => {
  it.each(FOR_NOBODY)('any service: %s', async (statement) => {
    for (const url of Object.values(urls)) expect(await outcome(url, statement)).toBe(DENIED);
  });

  it.each(FOR_NEITHER_RING_NOR_PAST)('rotation: %s', async (statement) => {
    expect(await outcome(urls.rotation, statement)).toBe(DENIED);
  });

  it.each(BEYOND_THE_RELAY)('outbox-relay: %s', async (statement) => {
    expect(await outcome(urls['outbox-relay'], statement)).toBe(DENIED);
  });

  it('gateway: every table, sequence and function of ours, and its own views but to read them', async () => {
    const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    const found = await owner.query<{ schema: string; name: string; kind: string }[]>(
      `SELECT n.nspname AS schema, format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('ring', 'outbox', 'gateway') AND c.relkind IN ('r', 'v', 'S') ORDER BY name`,
    );
    await owner.destroy();
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['r', 'v', 'S']));
    for (const { schema, name, kind } of found) {
      const read = kind === 'S' ? `SELECT nextval('${name}')` : `SELECT FROM ${name} LIMIT 0`;
      const writes =
        kind === 'S' ? [] : [`DELETE FROM ${name}`, `INSERT INTO ${name} DEFAULT VALUES`, `TRUNCATE ${name}`];
      expect([read, await outcome(urls.gateway, read)]).toEqual([read, schema === 'gateway' ? 'done' : DENIED]);
      for (const write of writes)
        expect([write, await outcome(urls.gateway, write)]).toEqual([write, expect.not.stringMatching('done')]);
    }
    expect(await outcome(urls.gateway, `SELECT ring.forget_revocations('1 s')`)).toBe(DENIED);
    expect(await outcome(urls.gateway, 'CREATE VIEW gateway.mine AS SELECT 1 AS x')).toBe(DENIED);
  });

  it('which leaves what they work with', async () => {
    const locks = ['pg_advisory_xact_lock(1)', 'pg_try_advisory_xact_lock(1)', 'pg_try_advisory_xact_lock_shared(1)'];
    expect(await outcome(urls.rotation, ...locks.map((lock) => `SELECT ${lock}`))).toBe('done');
    expect(await outcome(urls.rotation, 'SELECT FROM ring.key_ring FOR UPDATE')).toBe('done');
    const relayed = ['message', 'node_stream'].map((table) => `SELECT FROM outbox.${table} FOR UPDATE`);
    expect(await outcome(urls['outbox-relay'], ...relayed)).toBe('done');
    expect(await outcome(test.url, 'SELECT pg_advisory_lock(1)')).toBe('done');
  });

  it('nor may a role of somebody else even connect', async () => {
    const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    await owner.query(`CREATE ROLE stranger_${process.pid} LOGIN PASSWORD 'stranger'`);
    const stranger = Object.assign(new URL(test.url), { username: `stranger_${process.pid}`, password: 'stranger' });
    expect(await outcome(stranger.href, 'SELECT 1')).toBe(DENIED);
    await owner.query(`DROP ROLE stranger_${process.pid}`);
    await owner.destroy();
  });

  it('of which nothing is left open, and where the owner is no superuser it is said what is', async () => {
    const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    expect(await leftOpen(owner.manager)).toEqual([]);
    const name = `plain_${process.pid}`;
    await owner.query(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'plain'`);
    await owner.query(`CREATE DATABASE ${name} OWNER ${name}`);
    const url = Object.assign(new URL(test.url), { username: name, password: 'plain', pathname: `/${name}` }).href;
    await migrateStore(url);
    const plain = await new DataSource({ type: 'postgres', url }).initialize();
    expect(await leftOpen(plain.manager)).toEqual(['take advisory locks', 'store large objects']);
    await plain.destroy();
    // A superuser closes it, and the owner's own migrations go on after that.
    const superuser = Object.assign(new URL(test.url), { pathname: `/${name}` }).href;
    await migrateStore(superuser);
    const closed = await new DataSource({ type: 'postgres', url }).initialize();
    expect(await leftOpen(closed.manager)).toEqual([]);
    await closed.query('SELECT pg_advisory_lock(1)');
    await closed.destroy();
    await expect(migrateStore(url)).resolves.toEqual([]);
    await owner.query(`DROP DATABASE ${name}`);
    await owner.destroy();
  });
});
