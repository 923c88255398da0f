import type { DatabaseUrl } from '@plexsphere/postgres';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { DataSource } from 'typeorm';
import { openDatabase, storeOptions } from './data-source';
import { migrateStore } from './migrate';
import { openConnections } from './sql';

jest.setTimeout(60_000);

let test: TestDatabase;
beforeAll(async () => (test = await testDatabase({ name: 'store', prepare: migrateStore })));
afterAll(() => test.drop());

type Open = (url: DatabaseUrl, tell: (reason: string) => void) => Promise<unknown>;

const OPEN: [string, Open][] = [
  ['what TypeORM asks on', async (url, tell) => (await openDatabase(storeOptions(url, 'spec'), tell)).destroy()],
  ['what asks by SQL alone', async (url, tell) => (await openConnections(url, 'spec', tell)).end()],
];

it.each(OPEN)('N-8: %s waits for a database that is away, and says each reason once, in a word', async (_, open) => {
  const url = new URL(await test.urlAs('rotation'));
  const [right, password] = [url.port, url.password];
  url.port = '1';
  const told: string[] = [];
  let asked = 0;
  const urlNow = (): string => {
    asked += 1;
    if (asked > 4) Object.assign(url, { port: right, password: 'wrong' });
    if (asked > 8) url.password = password;
    return url.href;
  };
  await open(urlNow, (reason) => told.push(reason));
  expect(told).toEqual(['ECONNREFUSED', '28P01']);
});

it.each(OPEN)('%s is not opened in a database of another version', async (_, open) => {
  const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  await owner.query(`COMMENT ON SCHEMA ring IS 'plexsphere 0123456789abcdef'`);
  await owner.destroy();
  const url = await test.urlAs('rotation');
  await expect(open(url, () => undefined)).rejects.toMatchObject({
    detail: 'signing: database of another version',
  });
});
