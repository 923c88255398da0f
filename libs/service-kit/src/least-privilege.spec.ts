import { join } from 'node:path';
import { NatsServer, localFolder } from '@plexsphere/stack';
import { eventually, temporaryFolder } from '@plexsphere/testkit';
import { connect, type NatsConnection } from 'nats';
import { Health } from './health';
import { busTrial, databaseTrial, untilRefused, type Trial } from './least-privilege';
import { createLogger } from './logger';

jest.setTimeout(60_000);

const folder = temporaryFolder();
const cacheFolder = join(localFolder, 'cache');
const logger = createLogger('test', 'silent');
const endings: (() => Promise<void>)[] = [];

async function bus(name: string, config?: string): Promise<NatsConnection> {
  const server = await NatsServer.create(join(folder, name), {
    cacheFolder,
    ...(config === undefined ? {} : { config }),
  });
  await server.start();
  const connection = await connect({ servers: server.url, inboxPrefix: '_INBOX.own' });
  endings.push(async () => {
    await connection.close();
    await server.remove();
  });
  return connection;
}

const LEAST = `
  authorization { users: [{ user: own, password: "", permissions: { publish: "own.>", subscribe: "_INBOX.own.>" } }] }
  no_auth_user: own`;

afterAll(() => Promise.all(endings.map((end) => end())));

it('finds an open bus open, also where somebody listens and says nothing', async () => {
  const open = await bus('open');
  expect(await busTrial(open).isAllowed()).toBe(true);
  open.subscribe('>');
  expect(await busTrial(open).isAllowed()).toBe(true);
});

it('finds a bus that refuses closed, as often as it is asked', async () => {
  const closed = await bus('closed', LEAST);
  for (let i = 0; i < 3; i++) expect(await busTrial(closed).isAllowed()).toBe(false);
});

it('cannot try a connection that is closed', async () => {
  const gone = await bus('gone', LEAST);
  await gone.close();
  await expect(busTrial(gone).isAllowed()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});

it.each([
  ['refused', { code: '42501' }, false],
  ['away', { code: '57P01' }, undefined],
  ['not there', { code: '42P01' }, undefined],
])('takes a table that is %s for what it is', async (_, error, allowed) => {
  const trial = databaseTrial('SELECT', () => Promise.reject(error)).isAllowed();
  if (allowed === undefined) await expect(trial).rejects.toBe(error);
  else expect(await trial).toBe(allowed);
});

it('is not ready, and says what it could do, until it cannot', async () => {
  let allowed = true;
  const trial: Trial = { where: 'database', what: 'SELECT FROM secrets', isAllowed: async () => allowed };
  const health = new Health();
  const passed = untilRefused(trial, health, logger);
  expect(health.reasons()).toEqual(['database trial: not tried yet']);
  await eventually(() => health.reasons()[0] === 'database trial: open: this service could SELECT FROM secrets');
  allowed = false;
  await passed;
  expect(health.reasons()).toEqual([]);
});
