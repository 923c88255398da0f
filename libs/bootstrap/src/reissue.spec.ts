// Other credentials for a service, on a real PostgreSQL; on a running one: test/suites/bring-up.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder, testDatabase, type TestDatabase, parseCreds } from '@plexsphere/testkit';
import { BRING_UP_FILES as FILES, credentialFile } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { bootstrap, reissue, reissueAdmin, revokeOld } from './index';

jest.setTimeout(60_000);

const folder = temporaryFolder();
const out = join(folder, 'installation');
let database: TestDatabase;
let databaseUrl: string;
let owner: DataSource;
const opened: DataSource[] = [];
let folders = 0;

beforeAll(async () => {
  database = await testDatabase({ name: 'empty', prepare: () => Promise.resolve() });
  databaseUrl = database.url;
  owner = await open(databaseUrl);
  await expect(reissue({ databaseUrl, service: 'signer', out: join(folder, 'none') })).rejects.toMatchObject({
    detail: 'signing: not bootstrapped',
  });
  await bootstrap({ databaseUrl, out });
});

afterAll(async () => {
  await Promise.all(opened.filter(({ isInitialized }) => isInitialized).map((source) => source.destroy()));
  await database.drop();
});

async function open(url: string): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'a-service',
    poolErrorHandler: () => undefined,
  });
  await source.initialize();
  opened.push(source);
  return source;
}

const another = (): string => join(folder, `another-${++folders}`);
const urlIn = async (path: string, service: string): Promise<string> =>
  (await readFile(join(path, `${service}.database-url`), 'utf8')).trim();

it('N-1: makes a login and a bus credential beside those that go on working', async () => {
  const made = await reissue({ databaseUrl, service: 'rotation', out: another(), kekFile: join(out, FILES.kek) });
  expect(made.files).toEqual(['rotation.creds', 'rotation.database-url']);
  expect((await stat(join(made.out, 'rotation.creds'))).mode & 0o777).toBe(0o600);
  const [before, after] = [await urlIn(out, 'rotation'), await urlIn(made.out, 'rotation')];
  expect(new URL(after).username).not.toBe(new URL(before).username);
  for (const url of [before, after]) {
    const service = await open(url);
    await expect(service.query('SELECT FROM ring.operator')).resolves.toHaveLength(1);
    await expect(service.query('SELECT FROM material.wrapped_key')).rejects.toMatchObject({
      driverError: { code: '42501' },
    });
    await service.destroy();
  }
  const { publicKey } = parseCreds(await readFile(join(made.out, 'rotation.creds'), 'utf8'));
  expect(await owner.query('SELECT FROM ring.bus_user WHERE public_key = $1', [publicKey])).toHaveLength(1);
});

it('N-1: refuses to end a login that is in use, and then ends all but the newest for good', async () => {
  const earlier = await urlIn(out, 'rotation');
  const { publicKey: earlierKey } = parseCreds(await readFile(join(out, credentialFile('rotation')), 'utf8'));
  const inUse = await open(earlier);
  await expect(revokeOld({ databaseUrl, service: 'rotation', force: false })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    detail: 'signing: credential in use',
    body: { used: expect.stringContaining('a-service') },
  });
  await expect(inUse.query('SELECT 1')).resolves.toBeDefined();
  await inUse.destroy();

  const ended = await revokeOld({ databaseUrl, service: 'rotation', force: false });
  expect(ended).toEqual({
    service: 'rotation',
    logins: [new URL(earlier).username],
    bus_public_keys: [earlierKey],
  });
  await expect(open(earlier)).rejects.toMatchObject({ code: '28P01' });
  expect(await owner.query(`SELECT kind FROM ring.bus_revocation WHERE public_key = $1`, [earlierKey])).toEqual([
    { kind: 'service' },
  ]);
  expect(await revokeOld({ databaseUrl, service: 'rotation', force: false })).toMatchObject({
    logins: [],
    bus_public_keys: [],
  });
  // Every other service goes on by what it has.
  for (const service of ['signer', 'outbox-relay'])
    await expect(open(await urlIn(out, service))).resolves.toBeDefined();
});

it('N-1: cuts who is connected where it is forced', async () => {
  const made = await reissue({ databaseUrl, service: 'outbox-relay', out: another() });
  expect(made.files).toEqual(['outbox-relay.database-url']);
  const stolen = await open(await urlIn(out, 'outbox-relay'));
  const ended = await revokeOld({ databaseUrl, service: 'outbox-relay', force: true });
  expect(ended.bus_public_keys).toEqual([]);
  await expect(stolen.query('SELECT 1')).rejects.toBeDefined();
  await expect(open(await urlIn(made.out, 'outbox-relay'))).resolves.toBeDefined();
});

it('is told in the audit log, without a secret', async () => {
  const rows = await owner.query<{ action: string; after: Record<string, unknown> }[]>(
    `SELECT action, after FROM ring.audit WHERE action <> 'bootstrap' ORDER BY id`,
  );
  expect(rows.map(({ action, after }) => [action, after['service']])).toEqual([
    ['reissue', 'rotation'],
    ['revoke-old', 'rotation'],
    ['reissue', 'outbox-relay'],
    ['revoke-old', 'outbox-relay'],
  ]);
  const { seed } = parseCreds(await readFile(join(folder, 'another-1', 'rotation.creds'), 'utf8'));
  const { password } = new URL(await urlIn(join(folder, 'another-1'), 'rotation'));
  for (const secret of [seed, password]) expect(JSON.stringify(rows)).not.toContain(secret);
});

it('leaves no login behind where the KEK is another one', async () => {
  const logins = () => owner.query('SELECT rolname FROM pg_roles ORDER BY 1');
  const before = await logins();
  const kekFile = join(folder, 'none');
  await expect(reissue({ databaseUrl, service: 'signer', out: another(), kekFile })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    body: { field: 'kek_file', reason: 'is not there' },
  });
  expect(await logins()).toEqual(before);
  await expect(stat(`${join(folder, `another-${folders}`)}.unfinished`)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('S3: makes another admin where every admin has expired', async () => {
  await owner.query(`UPDATE ring.operator SET expires_at = clock_timestamp()`);
  await expect(reissueAdmin({ databaseUrl, out: another() })).rejects.toMatchObject({ body: { field: 'kek_file' } });
  const made = await reissueAdmin({ databaseUrl, out: another(), kekFile: join(out, FILES.kek) });
  expect(made.files).toEqual([FILES.adminToken]);
  const token = JSON.parse(await readFile(join(made.out, FILES.adminToken), 'utf8')) as Record<string, string>;
  const { jwt } = parseCreds(token['bus_credential'] ?? '');
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as {
    sub: string;
    exp: number;
  };
  const rows = await owner.query<{ id: string; key: string; exp: number }[]>(
    `SELECT id, bus_public_key AS key, ceil(extract(epoch FROM expires_at))::float8 AS exp FROM ring.operator
      WHERE role = 'admin' AND scopes IS NULL AND expires_at > clock_timestamp() + interval '360 days'`,
  );
  expect(rows).toEqual([{ id: token['operator'], key: claims.sub, exp: claims.exp }]);
});
