// An issuer's clients, on a real PostgreSQL: rotation's own role writes, a gateway's own role reads.
import 'reflect-metadata';
import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { ALGORITHMS, type Command } from '@plexsphere/wire';
import type { ClientView, CreateClient } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import type { Asked } from '../operators/operator.guard';
import { CommandTransactions } from '../transactions/command-transactions';
import { ClientController } from './client.controller';
import { Clients } from './clients';
import { listClients } from './read-client';
import { forgetUsedAssertions } from './used-assertions';

jest.setTimeout(60_000);

const ISSUER = 'issuer:acme';
const DOMAIN = 'domain:cccccccc-cccc-4ccc-8ccc-cccccccccccc';
const OPERATOR = '00000000-0000-4000-8000-00000000000a';
const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

let testing: TestDatabase;
let owner: DataSource;
let rotation: DataSource;
let gateway: DataSource;
let controller: ClientController;

beforeEach(async () => {
  testing = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: testing.url }).initialize();
  await owner.query(
    `INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1), ('${ISSUER}', 1, 1), ('${DOMAIN}', 1, 1)`,
  );
  await owner.query(
    `INSERT INTO ring.issuer (scope, url, is_default, longest_token_ms)
     VALUES ('${ISSUER}', 'https://id.example.com', true, 3600000)`,
  );
  rotation = await new DataSource(storeOptions(await testing.urlAs('rotation'), 'test')).initialize();
  gateway = await new DataSource(storeOptions(await testing.urlAs('gateway'), 'test')).initialize();
  const transactions = new CommandTransactions(rotation, rotation, logger);
  controller = new ClientController(rotation, new Clients(transactions, logger));
});
afterEach(async () => {
  await Promise.all([owner, rotation, gateway].map((each) => each.destroy()));
  await testing.drop();
});

const by = (command: Command, requestId = randomUUID()): Asked =>
  ({ identity: { requestId, command, actor: OPERATOR, bodyHash: 'b' } }) as unknown as Asked;
const create = (more: Partial<CreateClient> = {}, asked = by('client.create')): Promise<ClientView> =>
  controller.create(
    {
      ...{ scope: ISSUER, client_id: 'billing', token_scopes: ['api', 'read'], audiences: ['https://api.example.com'] },
      ...(more.keys === undefined ? { secret_hash: hashOf('first') } : {}),
      ...more,
    },
    asked,
  );
const rotate = (secret: string, keepOld?: number): Promise<ClientView> =>
  controller.rotateSecret(
    {
      ...{ scope: ISSUER, client_id: 'billing', secret_hash: hashOf(secret) },
      ...(keepOld === undefined ? {} : { keep_old_seconds: keepOld }),
    },
    by('client.rotate-secret'),
  );
/** As a gateway sees it. */
const valid = async (clientId = 'billing'): Promise<string[]> => {
  const [row] = await gateway.query<{ secret_hashes: Buffer[] }[]>(
    'SELECT secret_hashes FROM gateway.client WHERE scope = $1 AND client_id = $2',
    [ISSUER, clientId],
  );
  return (row?.secret_hashes ?? []).map((hash) => hash.toString('hex')).sort();
};
const hashes = (...secrets: string[]): string[] => secrets.map(hashOf).sort();

test('a client is entered by the hash of its secret, and shown without anything to speak as it', async () => {
  const view = await create({ ttl_seconds: 300 });
  expect(view).toEqual({
    ...{ scope: ISSUER, client_id: 'billing', token_scopes: ['api', 'read'], audiences: ['https://api.example.com'] },
    ...{ ttl_seconds: 300, keys: null, secrets: [{ created_at: view.created_at, expires_at: null }] },
    created_at: expect.stringMatching(/Z$/),
  });
  expect(await valid()).toEqual(hashes('first'));
  expect(await controller.show({ scope: ISSUER, client_id: 'billing' })).toEqual(view);
  const audit = await owner.query<{ text: string }[]>(`SELECT audit::text AS text FROM ring.audit`);
  expect(audit).toHaveLength(1);
  expect(audit[0]!.text).not.toContain(hashOf('first'));
});

test('the same request gets the same answer, another one of that id is refused', async () => {
  const asked = by('client.create');
  const view = await create({}, asked);
  expect(await create({}, asked)).toEqual(view);
  await expect(create()).rejects.toMatchObject({ detail: 'signing: client exists', body: { field: 'client_id' } });
});

test.each([
  ['of a Domain', { scope: DOMAIN }, 'scope'],
  ['with a secret and keys', { secret_hash: hashOf('x'), keys: [] }, 'secret_hash'],
])('one %s is refused by the name of the field', async (_, more, field) => {
  await expect(create(more)).rejects.toMatchObject({ body: { field } });
});

test('of an issuer that is not there nobody is a client', async () => {
  await expect(create({ scope: 'issuer:none' })).rejects.toMatchObject({ detail: 'signing: unknown scope' });
  await expect(controller.list({ scope: 'issuer:none' })).rejects.toMatchObject({ detail: 'signing: unknown scope' });
  expect(await controller.list({ scope: ISSUER })).toEqual({ clients: [] });
});

describe('what could never be signed for it is refused', () => {
  const WORDS = Array.from({ length: 50 }, (_, index) => `${index}`.padStart(2, '0').padEnd(100, '-'));

  test('a token that would outlive what the issuer allows, with the ceiling; one that may live as long is taken', async () => {
    const refusal = create({ ttl_seconds: 3_601 });
    await expect(refusal).rejects.toMatchObject({ body: { field: 'ttl_seconds', longest_token_seconds: 3_600 } });
    await owner.query('UPDATE ring.issuer SET longest_token_ms = 3601000');
    expect(await create({ ttl_seconds: 3_601 })).toMatchObject({ ttl_seconds: 3_601 });
    // Lowered behind it: the client stays, its tokens are cut short.
    await owner.query('UPDATE ring.issuer SET longest_token_ms = 60000');
    expect(await controller.show({ scope: ISSUER, client_id: 'billing' })).toMatchObject({ ttl_seconds: 3_601 });
  });

  test('a token for all that it may have, to the longest of its audiences', async () => {
    const fits = { token_scopes: WORDS, audiences: ['a'] };
    await expect(create({ ...fits, audiences: ['a', 'b'.repeat(256)] })).rejects.toMatchObject({
      body: { field: 'token_scopes', reason: expect.stringContaining('none may have more than 8192') },
    });
    expect(await owner.query('SELECT FROM ring.client')).toEqual([]);
    await create(fits);
  });
});

describe('a secret that is rotated', () => {
  test('goes on for as long as was asked, beside the new one', async () => {
    await create();
    const view = await rotate('second', 3_600);
    expect(await valid()).toEqual(hashes('first', 'second'));
    const [newest, old] = view.secrets;
    expect(newest).toEqual({ created_at: expect.any(String), expires_at: null });
    expect(Date.parse(old!.expires_at!) - Date.parse(newest!.created_at)).toBe(3_600_000);
  });

  test('is one of two at the most: the one before the last ends at once', async () => {
    await create();
    await rotate('second', 3_600);
    await rotate('third', 60);
    expect(await valid()).toEqual(hashes('second', 'third'));
  });

  test('ends at once where it is not to go on', async () => {
    await create();
    expect((await rotate('second', 0)).secrets).toHaveLength(1);
    expect(await valid()).toEqual(hashes('second'));
  });

  test('by ten at once leaves two that are valid, the last of them without an end', async () => {
    await create();
    const secrets = Array.from({ length: 10 }, (_, index) => `secret ${index}`);
    await Promise.all(secrets.map((secret) => rotate(secret)));
    expect(await valid()).toHaveLength(2);
    const view = await controller.show({ scope: ISSUER, client_id: 'billing' });
    expect(view.secrets.map(({ expires_at }) => expires_at === null)).toEqual([true, false]);
  });

  test('to what it was is refused, and nothing has changed', async () => {
    await create();
    await expect(rotate('first')).rejects.toMatchObject({ body: { field: 'secret_hash' } });
    expect(await valid()).toEqual(hashes('first'));
    expect((await controller.show({ scope: ISSUER, client_id: 'billing' })).secrets[0]!.expires_at).toBeNull();
  });
});

const keys = async () => {
  const { text } = (await ALGORITHMS.ES256.generate()).publicKey!;
  return [{ key_id: 'c1', algorithm: 'ES256' as const, public_key: text }];
};

test('a client with keys of its own has no secret, and none to rotate', async () => {
  const own = await keys();
  expect(await create({ keys: own })).toMatchObject({ keys: [{ key_id: 'c1', algorithm: 'ES256' }], secrets: [] });
  await expect(rotate('second')).rejects.toMatchObject({ detail: 'signing: client has no secret' });
  const [row] = await gateway.query<{ keys: object }[]>('SELECT keys FROM gateway.client');
  expect(row!.keys).toEqual(own);
});

test('a client that is deleted is gone with its secrets, and its id is free', async () => {
  await create();
  const named = { scope: ISSUER, client_id: 'billing' };
  expect(await controller.delete(named, by('client.delete'))).toEqual({ ...named, deleted_at: expect.any(String) });
  expect(await valid()).toEqual([]);
  await expect(controller.show(named)).rejects.toMatchObject({ detail: 'signing: unknown client' });
  await expect(controller.delete(named, by('client.delete'))).rejects.toMatchObject({ body: { field: 'client_id' } });
  await expect(rotate('second')).rejects.toMatchObject({ detail: 'signing: unknown client' });
  await create();
});

test('they are listed by their ids, page by page, each issuer by itself', async () => {
  const ids = ['a', 'B', 'c-1', 'd~', 'e'];
  for (const client_id of ids) await create({ client_id });
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await listClients(rotation.manager, ISSUER, after, 2);
    seen.push(...page.clients.map(({ client_id }) => client_id));
    after = page.next;
  } while (after !== undefined);
  expect([...seen].sort()).toEqual([...ids].sort());
  expect((await listClients(rotation.manager, 'issuer:other', undefined)).clients).toEqual([]);
});

describe('an assertion', () => {
  const use = async (jti: string, inSeconds = 60, clientId = 'jobs'): Promise<boolean> => {
    const [row] = await gateway.query<{ used: boolean }[]>(
      `SELECT gateway.use_assertion($1, $2, $3, clock_timestamp() + $4 * interval '1 s') AS used`,
      [ISSUER, clientId, jti, inSeconds],
    );
    return row!.used;
  };
  beforeEach(async () => {
    await create({ client_id: 'jobs', keys: await keys() });
    await create();
  });

  test('is used once, whoever comes with it at the same time', async () => {
    const tries = await Promise.all(Array.from({ length: 8 }, () => use('j1')));
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await use('j2')).toBe(true);
  });

  test.each([
    ['that is over', 'j', -1, 'jobs'],
    ['that lasts for too long', 'j', 361, 'jobs'],
    ['of nobody', 'j', 60, 'nobody'],
    ['of a client that has a secret', 'j', 60, 'billing'],
  ] as const)('%s is not taken note of', async (_, jti, inSeconds, clientId) => {
    expect(await use(jti, inSeconds, clientId)).toBe(false);
    expect(await owner.query('SELECT FROM ring.used_assertion')).toEqual([]);
  });

  test('is forgotten when it is over by itself', async () => {
    await use('j1');
    await owner.query(`UPDATE ring.used_assertion SET expires_at = clock_timestamp() - interval '1 s'`);
    await use('j2');
    await forgetUsedAssertions(rotation.manager);
    expect(await owner.query('SELECT FROM ring.used_assertion')).toHaveLength(1);
  });

  test('is forgotten with so many others at once, however many there are, and those that live are not looked at', async () => {
    for (const jti of ['j1', 'j2', 'j3']) await use(jti);
    await owner.query(`UPDATE ring.used_assertion SET expires_at = clock_timestamp() - interval '1 s'`);
    for (const left of [1, 0]) {
      await forgetUsedAssertions(rotation.manager, 2);
      expect(await owner.query('SELECT FROM ring.used_assertion')).toHaveLength(left);
    }
    await owner.transaction(async (manager) => {
      // Of so few any plan is as good: whether there is another.
      await manager.query('SET LOCAL enable_seqscan = off');
      const plan = { query: (sql: string, values: unknown[]) => manager.query(`EXPLAIN ${sql}`, values) };
      expect(JSON.stringify(await forgetUsedAssertions(plan as never))).toMatch(/Index Cond: \(expires_at < /);
    });
  });

  test.each([
    'SELECT * FROM ring.client',
    'SELECT * FROM ring.client_secret',
    'SELECT * FROM ring.used_assertion',
    `DELETE FROM ring.used_assertion`,
    `UPDATE gateway.client SET keys = NULL`,
  ])("is all that a gateway's role may write: %s", async (sql) => {
    await expect(gateway.query(sql)).rejects.toThrow(/permission denied/);
  });
});
