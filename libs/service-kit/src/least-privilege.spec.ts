import { endBus, eventually, startedBus } from '@plexsphere/testkit';
import { SERVICES } from '@plexsphere/wire';
import { connect, type NatsConnection } from 'nats';
import { watchBus } from './bus-watch';
import { Health } from './health';
import { busTrial, databaseTrial, untilRefused, type Trial } from './least-privilege';
import { createLogger, type Logger } from './logger';

jest.setTimeout(60_000);

const EAR = SERVICES.signer.forbidden.subject;

const logger = createLogger('test', 'silent');
const endings: (() => Promise<void>)[] = [];

async function bus(config?: string): Promise<NatsConnection> {
  const server = await startedBus(config);
  const connection = await connect({ servers: server.url, inboxPrefix: '_INBOX.own' });
  endings.push(async () => {
    await connection.close();
    await endBus(server);
  });
  return connection;
}

const LEAST = `
  authorization { users: [{ user: own, password: "", permissions: { publish: "own.>", subscribe: "_INBOX.own.>" } }] }
  no_auth_user: own`;

afterAll(() => Promise.all(endings.map((end) => end())));

it('finds an open bus open, also where somebody listens and says nothing', async () => {
  const open = await bus();
  expect(await busTrial(open, EAR).isAllowed()).toBe(true);
  open.subscribe('>');
  expect(await busTrial(open, EAR).isAllowed()).toBe(true);
});

it('finds a bus that refuses closed, as often as it is asked', async () => {
  const closed = await bus(LEAST);
  for (let i = 0; i < 3; i++) expect(await busTrial(closed, EAR).isAllowed()).toBe(false);
});

it('N-5: logs no error about what the trial is refused, and one about anything else', async () => {
  const closed = await bus(LEAST);
  const errors: object[] = [];
  const spy = { error: (fields: object) => errors.push(fields), warn: () => undefined } as unknown as Logger;
  watchBus(closed, new Health(), spy);
  expect(await busTrial(closed, EAR).isAllowed()).toBe(false);
  closed.publish('not.mine');
  await eventually(() => errors.length > 0);
  expect(errors).toEqual([{ reason: 'PERMISSIONS_VIOLATION', operation: 'publish', subject: 'not.mine' }]);
});

it('S14: warns once of a server that has known holes', async () => {
  const connection = await bus('old');
  const warnings: object[] = [];
  const spy = { warn: (fields: object) => warnings.push(fields) } as unknown as Logger;
  watchBus(
    { ...connection, info: { version: '2.9.10' }, status: connection.status.bind(connection) } as never,
    new Health(),
    spy,
  );
  expect(warnings).toEqual([{ version: '2.9.10', holes: 'CVE-2025-30215 and later', fixed_in: '2.12.12, 2.14.3' }]);
});

it('cannot try a connection that is closed', async () => {
  const gone = await bus(LEAST);
  await gone.close();
  await expect(busTrial(gone, EAR).isAllowed()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
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
