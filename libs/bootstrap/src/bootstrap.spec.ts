// The whole bring-up on a real PostgreSQL, and what it leaves.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadBusKey, loadSigningKey, readKekFile, requireOwnKek } from '@plexsphere/material';
import { temporaryFolder, testDatabase, type TestDatabase, parseCreds } from '@plexsphere/testkit';
import {
  BRING_UP_FILES as FILES,
  SERVICE_NAMES,
  credentialFile,
  databaseUrlFile,
  openRecoveryKey,
  publicKeyFromText,
  publicText,
} from '@plexsphere/wire';
import { statementHash, verifyStatement } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import { bootstrap, migrate } from './index';

const ALL_FILES = [
  ...Object.values(FILES),
  ...SERVICE_NAMES.flatMap((service) => [credentialFile(service), databaseUrlFile(service)]),
].sort();

jest.setTimeout(60_000);

// A try of the passphrase takes half a second of a core: only the test of the recovery key has it made at that cost.
const mockCheap = { cost: { n: 2, r: 8, p: 1 } as object | undefined };
jest.mock('@plexsphere/wire', () => {
  const wire = jest.requireActual<Record<'sealRecoveryKey', (...args: unknown[]) => unknown>>('@plexsphere/wire');
  return { ...wire, sealRecoveryKey: (...args: unknown[]) => wire.sealRecoveryKey(...args, mockCheap.cost) };
});

const MIGRATIONS = [
  'Ring1700000000001',
  'Outbox1700000000002',
  'Access1700000000003',
  'Schedule1700000000004',
  'Gateway1700000000005',
  'Issuer1700000000006',
  'Client1700000000007',
  'Channel1700000000008',
  'NodeKey1700000000009',
  'Due1700000000010',
  'KeyMessage1700000000011',
  'OneWay1700000000012',
  'StoreFormat1700000000099',
  'Material1700000000001',
  'MaterialFormat1700000000099',
];

const folder = temporaryFolder();
let installations = 0;
let databaseUrl: string;
let out: string;
let owner: DataSource;
const opened: DataSource[] = [];
const made: TestDatabase[] = [];

beforeEach(async () => {
  databaseUrl = await emptyDatabase();
  owner = await open(databaseUrl);
  out = join(folder, `installation-${++installations}`);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((source) => source.destroy()));
  await Promise.all(made.splice(0).map((database) => database.drop()));
});

async function emptyDatabase(): Promise<string> {
  const database = await testDatabase({ name: 'empty', prepare: () => Promise.resolve() });
  made.push(database);
  return database.url;
}

async function open(url: string): Promise<DataSource> {
  const source = await new DataSource({ type: 'postgres', url }).initialize();
  opened.push(source);
  return source;
}

const fileOf = (name: string): Promise<string> => readFile(join(out, name), 'utf8');

const serviceUrl = async (service: string): Promise<string> => (await fileOf(`${service}.database-url`)).trim();

const one = async <T>(text: string): Promise<T> => {
  const rows = await owner.query<T[]>(text);
  expect(rows).toHaveLength(1);
  return rows[0] as T;
};

/** Every row of every table of ours, as text. */
async function everythingStored(): Promise<string> {
  const tables = await owner.query<{ name: string }[]>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname IN ('ring', 'outbox', 'material', 'public') ORDER BY 1`,
  );
  const texts = await Promise.all(tables.map(({ name }) => owner.query(`SELECT t::text FROM ${name} t`)));
  return JSON.stringify(texts);
}

async function secrets(): Promise<string[]> {
  const creds = [...SERVICE_NAMES.map(credentialFile), FILES.accountPusher];
  const token = JSON.parse(await fileOf(FILES.adminToken)) as { bearer: string; bus_credential: string };
  const kek = await readKekFile(join(out, FILES.kek));
  const urls = await Promise.all(SERVICE_NAMES.map(serviceUrl));
  return [
    ...(await Promise.all(creds.map(async (name) => parseCreds(await fileOf(name)).seed))),
    parseCreds(token.bus_credential).seed,
    token.bearer,
    (await loadBusKey(owner, kek, 'operator')).seed,
    (await loadBusKey(owner, kek, 'account')).seed,
    (await fileOf(FILES.kek)).trim(),
    (await fileOf(FILES.recoveryPassphrase)).trim(),
    ...urls.map((url) => new URL(url).password),
    new URL(databaseUrl).password,
  ];
}

it('makes an installation on an empty database, and tells of it without a secret', async () => {
  const reply = await bootstrap({ databaseUrl, out });
  expect(reply).toMatchObject({ out, files: ALL_FILES, migrations: MIGRATIONS, resumed: false });
  const known = await secrets();
  expect(known.every((secret) => secret.length >= 16)).toBe(true);
  const shown = JSON.stringify(reply) + (await everythingStored());
  expect(known.filter((secret) => shown.includes(secret))).toEqual([]);
});

it('leaves files for their owner alone, and nothing beside them', async () => {
  await bootstrap({ databaseUrl, out });
  expect((await stat(out)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(out)) expect((await stat(join(out, name))).mode & 0o777).toBe(0o600);
  expect((await readdir(folder)).filter((name) => name.includes('unfinished'))).toEqual([]);
});

it('makes the platform ring at epoch 1, vouched for by the recovery key', async () => {
  const reply = await bootstrap({ databaseUrl, out });
  expect(await one('SELECT scope, epoch, trust_epoch FROM ring.key_ring')).toEqual({
    scope: 'platform',
    epoch: '1',
    trust_epoch: '1',
  });
  const key = await one<{ key_id: string; state: string; public_key: string }>('SELECT * FROM ring.signing_key');
  expect(key).toMatchObject({ key_id: 'platform-1', state: 'active', algorithm: 'Ed25519' });
  const change = await one<{ statement: string; statement_hash: string }>('SELECT * FROM ring.ring_change');
  expect(change).toMatchObject({ epoch: '1', change: 'create', active_key_id: 'platform-1' });
  expect(change.statement_hash).toBe(statementHash(change.statement));
  const statement = await verifyStatement(change.statement, publicKeyFromText(reply.recovery_public_key));
  expect(statement).toMatchObject({ type: 'create', scope: 'platform', epoch: 1, new_public_key: key.public_key });
});

it('wraps the platform key and the bus keys by the KEK of the folder', async () => {
  const reply = await bootstrap({ databaseUrl, out });
  const signer = await open(await serviceUrl('signer'));
  const kek = await readKekFile(join(out, FILES.kek));
  await requireOwnKek(signer, kek);
  const key = await loadSigningKey(signer, kek, { scope: 'platform', keyId: 'platform-1' });
  expect(key.publicKey).toBe((await one<{ public_key: string }>('SELECT public_key FROM ring.signing_key')).public_key);
  expect((await loadBusKey(signer, kek, 'account')).publicKey).toBe(reply.bus_account_public_key);
});

it('gives the recovery key away, encrypted by the passphrase that was made', async () => {
  const { cost } = mockCheap;
  mockCheap.cost = undefined;
  const { recovery_public_key } = await bootstrap({ databaseUrl, out }).finally(() => (mockCheap.cost = cost));
  expect(JSON.parse(await fileOf(FILES.recoveryKey))).toMatchObject({ scrypt: { n: 131_072, r: 8, p: 1 } });
  const passphrase = (await fileOf(FILES.recoveryPassphrase)).trim();
  expect(Buffer.from(passphrase, 'base64url')).toHaveLength(24);
  const key = await openRecoveryKey(await fileOf(FILES.recoveryKey), passphrase);
  expect(publicText(key)).toBe(recovery_public_key);
});

it('makes one admin, whose bearer the database knows by its hash', async () => {
  const { admin } = await bootstrap({ databaseUrl, out });
  const token = JSON.parse(await fileOf(FILES.adminToken)) as Record<string, string>;
  expect(Object.keys(token)).toEqual(['operator', 'bus_credential', 'bearer']);
  expect(await one('SELECT * FROM ring.operator')).toMatchObject({
    id: admin,
    role: 'admin',
    scopes: null,
    bus_public_key: parseCreds(token['bus_credential'] ?? '').publicKey,
    bearer_hash: createHash('sha256')
      .update(token['bearer'] ?? '')
      .digest('hex'),
  });
  expect(token['operator']).toBe(admin);
  expect(await one('SELECT actor, action, scope FROM ring.audit')).toEqual({
    actor: 'bootstrap',
    action: 'bootstrap',
    scope: null,
  });
});

const DENIED = { driverError: { code: '42501' } };

it.each([
  ['rotation', 'SELECT FROM ring.operator', 'SELECT FROM material.wrapped_key'],
  ['signer', 'SELECT FROM material.bus_key', 'SELECT FROM ring.key_ring'],
  ['outbox-relay', 'SELECT FROM outbox.message', 'SELECT FROM ring.operator'],
])('lets the role of %s log in, to its own tables alone', async (variable, allowed, refused) => {
  await bootstrap({ databaseUrl, out });
  const service = await open(await serviceUrl(variable));
  await expect(service.query(allowed)).resolves.toBeDefined();
  await expect(service.query(refused)).rejects.toMatchObject(DENIED);
  await expect(service.query('CREATE TABLE public.mine ()')).rejects.toMatchObject(DENIED);
});

it('N-1: a second installation on the same server leaves the first as it was', async () => {
  await bootstrap({ databaseUrl, out });
  const first = await Promise.all(SERVICE_NAMES.map(serviceUrl));
  const connected = await Promise.all(first.map(open));
  out = `${out}-neighbour`;
  await bootstrap({ databaseUrl: await emptyDatabase(), out });
  const second = await Promise.all(SERVICE_NAMES.map(serviceUrl));

  const logins = [...first, ...second].map((url) => new URL(url).username);
  expect(new Set(logins).size).toBe(2 * SERVICE_NAMES.length);
  for (const source of connected) await source.query('SELECT 1');
  const limits = `SELECT rolconnlimit AS most FROM pg_roles WHERE rolname = ANY ($1)`;
  const most = await owner.query<{ most: number }[]>(limits, [logins]);
  expect(most.map((each) => each.most).sort()).toEqual([20, 20, 30, 30, 40, 40, 60, 60]);
  // Anew, as a service that starts: by the passwords that it was given.
  for (const url of [...first, ...second]) await expect(open(url)).resolves.toBeDefined();
  const [rotation] = second;
  const stranger = new URL(rotation ?? '');
  stranger.pathname = new URL(databaseUrl).pathname;
  await expect(open(stranger.href)).rejects.toMatchObject({ code: '42501' });
});

it('refuses where an admin exists, and changes nothing', async () => {
  await bootstrap({ databaseUrl, out });
  const before = await everythingStored();
  const second = join(folder, 'second');
  for (const path of [out, second])
    await expect(bootstrap({ databaseUrl, out: path })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      detail: 'signing: already bootstrapped',
    });
  expect(await everythingStored()).toBe(before);
  await expect(stat(second)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(open(await serviceUrl('signer'))).resolves.toBeDefined();
});

it('is done by one alone of two at once', async () => {
  const outs = [`${out}-a`, `${out}-b`];
  const ends = await Promise.allSettled(outs.map((path) => bootstrap({ databaseUrl, out: path })));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refused = ends.find((end) => end.status === 'rejected');
  expect(refused?.reason).toMatchObject({ detail: 'signing: already bootstrapped' });
  await one('SELECT FROM ring.operator');
});

describe('after a crash', () => {
  it('before the commit: forgets the draft that was left and begins anew', async () => {
    await migrate(databaseUrl);
    await mkdir(`${out}.unfinished`, { mode: 0o700 });
    await writeFile(join(`${out}.unfinished`, FILES.kek), 'half a KEK');
    await writeFile(join(`${out}.unfinished`, FILES.adminToken), '{"operator": "x", "bea');
    expect(await bootstrap({ databaseUrl, out })).toMatchObject({ migrations: [], resumed: false });
    await readKekFile(join(out, FILES.kek));
  });

  it('between the commit and the rename: hands over the very folder that was made', async () => {
    const made = await bootstrap({ databaseUrl, out });
    const kek = await fileOf(FILES.kek);
    await rename(out, `${out}.unfinished`);
    expect(await bootstrap({ databaseUrl, out })).toEqual({ ...made, migrations: [], resumed: true });
    expect(await fileOf(FILES.kek)).toBe(kek);
    await expect(bootstrap({ databaseUrl, out })).rejects.toMatchObject({ detail: 'signing: already bootstrapped' });
  });

  it('never hands over the draft of another database', async () => {
    await bootstrap({ databaseUrl, out });
    const other = `${out}-other`;
    await bootstrap({ databaseUrl: await emptyDatabase(), out: other });
    await rename(other, `${out}-third.unfinished`);
    await expect(bootstrap({ databaseUrl, out: `${out}-third` })).rejects.toMatchObject({
      detail: 'signing: already bootstrapped',
    });
    expect(await readdir(`${out}-third.unfinished`)).toContain(FILES.kek);
  });
});

it('leaves neither rows nor files when a statement fails, and can be repeated', async () => {
  await migrate(databaseUrl);
  await owner.query(`CREATE RULE break AS ON INSERT TO ring.audit DO INSTEAD SELECT 1 / 0`);
  const failure = await bootstrap({ databaseUrl, out }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'INTERNAL', body: { sqlstate: '22012' } });
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toMatch(/SCRAM|INSERT|ALTER/);
  expect((await readdir(folder)).filter((name) => out.endsWith(name))).toEqual([]);
  await expect(stat(`${out}.unfinished`)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await owner.query('SELECT FROM ring.installation')).toEqual([]);
  expect(await owner.query('SELECT FROM material.wrapped_key')).toEqual([]);
  await owner.query('DROP RULE break ON ring.audit');
  await expect(bootstrap({ databaseUrl, out })).resolves.toMatchObject({ resumed: false });
});

it('accepts an empty folder, and refuses one that holds anything before it touches the database', async () => {
  await mkdir(out);
  await writeFile(join(out, 'somebody'), 'else');
  await expect(bootstrap({ databaseUrl, out })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    body: { field: 'out' },
  });
  expect(await owner.query(`SELECT to_regnamespace('ring') AS ring`)).toEqual([{ ring: null }]);
  await rm(join(out, 'somebody'));
  await expect(bootstrap({ databaseUrl, out })).resolves.toMatchObject({ out });
});

describe('N-3: an owner who may not', () => {
  /** An owner like any other, but for what `rights` leave out. */
  async function ownerWith(rights: string, grants: (role: string, database: string) => string[]): Promise<string> {
    const role = `owner_${randomUUID().slice(0, 8)}`;
    const database = new URL(databaseUrl).pathname.slice(1);
    await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hidden' ${rights}`);
    for (const grant of grants(role, database)) await owner.query(grant);
    return Object.assign(new URL(databaseUrl), { username: role, password: 'hidden' }).href;
  }
  const owns = (role: string, database: string): string[] => [`ALTER DATABASE "${database}" OWNER TO ${role}`];

  it('make roles is told so, before anything is done', async () => {
    const url = await ownerWith('NOCREATEROLE', owns);
    for (const run of [() => bootstrap({ databaseUrl: url, out }), () => migrate(url)])
      await expect(run()).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        detail: 'signing: database privilege missing',
        body: { missing: 'CREATEROLE' },
      });
    expect(await owner.query(`SELECT to_regnamespace('ring') AS ring`)).toEqual([{ ring: null }]);
    await expect(stat(`${out}.unfinished`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('make anything is told of all that is missing at once', async () => {
    const url = await ownerWith('NOCREATEROLE', () => []);
    await expect(migrate(url)).rejects.toMatchObject({
      body: { missing: 'CREATE on the database, CREATE on the schema public, CREATEROLE' },
    });
  });

  it('needs no more than to own the database and make roles', async () => {
    const url = await ownerWith('CREATEROLE', owns);
    await expect(bootstrap({ databaseUrl: url, out })).resolves.toMatchObject({ resumed: false });
    const rotation = await open(await serviceUrl('rotation'));
    await expect(rotation.query('SELECT FROM ring.key_ring')).resolves.toBeDefined();
    expect(await migrate(url)).toEqual([]);
  });
});

it('refuses a folder where none can be made', async () => {
  await writeFile(out, 'a file');
  await expect(bootstrap({ databaseUrl, out })).rejects.toMatchObject({ body: { field: 'out' } });
  await expect(bootstrap({ databaseUrl, out: join(out, 'below') })).rejects.toMatchObject({ body: { field: 'out' } });
});

it.each(['', 'platform', 'mysql://owner:hidden@h/d', 'postgres:///d?host=/run&password=hidden'])(
  'refuses %p as a database URL, and does not repeat it',
  async (url) => {
    const refused = await bootstrap({ databaseUrl: url, out }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: 'database_url' } });
    expect(inspect(refused, { depth: 9 })).not.toContain('hidden');
  },
);

it.each([
  ['a wrong password', (url: URL) => (url.password = 'wrong-and-hidden'), '28P01'],
  ['a database that is not there', (url: URL) => (url.pathname = '/missing'), '3D000'],
  ['a port where nobody listens', (url: URL) => (url.port = '1'), 'ECONNREFUSED'],
])('says what was dialled with %s, and no password', async (_, change, reason) => {
  const url = new URL(databaseUrl);
  change(url);
  for (const run of [() => bootstrap({ databaseUrl: url.href, out }), () => migrate(url.href)]) {
    const refused = await run().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', body: { dialled: url.host, reason } });
    expect(inspect(refused, { depth: 9 })).not.toContain(url.password);
  }
});

describe('migrate', () => {
  it('brings an empty database to the present schema, once', async () => {
    expect(await migrate(databaseUrl)).toEqual(MIGRATIONS);
    expect(await migrate(databaseUrl)).toEqual([]);
  });

  it('is nothing on a database that was brought up, whose rows stay as they are', async () => {
    await bootstrap({ databaseUrl, out });
    const before = await everythingStored();
    expect(await migrate(databaseUrl)).toEqual([]);
    expect(await everythingStored()).toBe(before);
  });

  it('refuses a database of before, and leaves it as it is', async () => {
    await migrate(databaseUrl);
    for (const schema of ['ring', 'material']) {
      const [kept] = await owner.query<{ mark: string }[]>(`SELECT obj_description('${schema}'::regnamespace) AS mark`);
      // As a version before the mark left it, and one with other migrations.
      for (const mark of ['NULL', `'plexsphere 0123456789abcdef'`]) {
        await owner.query(`COMMENT ON SCHEMA ${schema} IS ${mark}`);
        const before = await everythingStored();
        for (const run of [() => migrate(databaseUrl), () => bootstrap({ databaseUrl, out })])
          await expect(run()).rejects.toMatchObject({ detail: 'signing: database of another version' });
        expect(await everythingStored()).toBe(before);
      }
      await owner.query(`COMMENT ON SCHEMA ${schema} IS '${kept?.mark}'`);
    }
    await expect(bootstrap({ databaseUrl, out })).resolves.toMatchObject({ resumed: false });
  });

  it('is done once by replicas that are deployed together', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(databaseUrl)));
    expect(applied.flat()).toEqual(MIGRATIONS);
  });
});
