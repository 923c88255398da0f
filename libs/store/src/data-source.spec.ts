import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { DataSource } from 'typeorm';
import { openDatabase, storeOptions } from './data-source';
import { migrateStore } from './format';

jest.setTimeout(60_000);

let test: TestDatabase;
beforeAll(async () => (test = await testDatabase({ name: 'store', prepare: migrateStore })));
afterAll(() => test.drop());

it('N-8: waits for a database that is away, and says each reason once, in a word', async () => {
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
  const database = await openDatabase(storeOptions(urlNow, 'spec'), (reason) => told.push(reason));
  expect(told).toEqual(['ECONNREFUSED', '28P01']);
  await database.destroy();
});

it('refuses a database of another version', async () => {
  const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  await owner.query(`COMMENT ON SCHEMA ring IS 'plexsphere 0123456789abcdef'`);
  await owner.destroy();
  const url = await test.urlAs('rotation');
  await expect(openDatabase(storeOptions(url, 'spec'), () => undefined)).rejects.toMatchObject({
    detail: 'signing: database of another version',
  });
});
