import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { eventually, testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { poolOptions } from './pool';
import type { DatabaseUrl } from './sql';

jest.setTimeout(60_000);

let database: TestDatabase;
let owner: Client;
const sources: DataSource[] = [];

beforeAll(async () => {
  database = await testDatabase({ name: 'empty', prepare: () => Promise.resolve() });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await Promise.all(sources.map((source) => source.destroy()));
  await owner.end();
  await database.drop();
});

const open = async (url: DatabaseUrl): Promise<DataSource> => {
  const source = await new DataSource({
    ...poolOptions(url, 'spec', { max: 10, statement_timeout: 10_000 }),
    poolErrorHandler: () => undefined,
  }).initialize();
  sources.push(source);
  return source;
};

it("N-1: a new connection takes the URL as it is then, so that a role's password can be replaced under a service", async () => {
  const role = `spec_${randomBytes(6).toString('hex')}`;
  const withPassword = (password: string) => Object.assign(new URL(database.url), { username: role, password }).href;
  await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'old'`);
  let url = withPassword('old');
  const [fresh, fixed] = await Promise.all([open(() => url), open(url)]);
  const whoAmI = (source: DataSource) => source.query<{ name: string }[]>('SELECT current_user AS name');
  expect(await whoAmI(fresh)).toEqual([{ name: role }]);

  await owner.query(`ALTER ROLE ${role} PASSWORD 'new'`);
  url = withPassword('new');
  // What is open stays open; only then is anybody asked for a password again.
  await owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1`, [role]);
  await eventually(async () => (await whoAmI(fresh))[0]?.name === role);
  const refusal = () => whoAmI(fixed).catch((error: { code?: string }) => error.code);
  await eventually(async () => (await refusal()) === '28P01');
});

it('a connection that nobody uses is looked at every half minute, and not after two hours', async () => {
  const kept = jest.spyOn(Socket.prototype, 'setKeepAlive');
  await open(database.url);
  expect(kept.mock.calls).toEqual([[true, 30_000]]);
  kept.mockRestore();
});
