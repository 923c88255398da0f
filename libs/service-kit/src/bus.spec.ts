// How a service comes to its bus, and comes back to it.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busCredentialText, eventually, RogueServer, temporaryFolder } from '@plexsphere/testkit';
import type { NatsConnection } from 'nats';
import { Bus, connectBus } from './bus';
import type { Logger } from './logger';

const folder = temporaryFolder();
const credentialFile = join(folder, 'service.creds');

let server: RogueServer;
let connection: NatsConnection | undefined;
let warnings: { reason?: string }[];
let natsUrl: string;

beforeEach(async () => {
  server = new RogueServer({ nonce: 'abcdefghijk' });
  natsUrl = `nats://${await server.start()}`;
  warnings = [];
  writeFileSync(credentialFile, busCredentialText('first.jwt'));
});

afterEach(async () => {
  await connection?.close();
  connection = undefined;
  await server.stop();
});

const config = () => ({ natsUrl, busCaFile: '', allowPlaintextBus: false });
const connectService = (file = credentialFile): Promise<NatsConnection> =>
  connectBus(config(), { credentialFile: file, user: { kind: 'signer' }, name: 'signer' }, {
    warn: (fields: object) => warnings.push(fields),
  } as unknown as Logger);

it('N-1: shows the credential as it is in its file at each connect, and the last good one while that is torn', async () => {
  connection = await connectService();
  expect(server.heard).toContain('"jwt":"first.jwt"');
  writeFileSync(credentialFile, busCredentialText('second.jwt'));
  server.hangUp();
  await eventually(() => server.heard.includes('"jwt":"second.jwt"'));
  rmSync(credentialFile);
  const { length } = server.heard;
  server.hangUp();
  await eventually(() => server.heard.slice(length).includes('"jwt":"second.jwt"'));
});

it('does not begin without a credential', async () => {
  await expect(connectService(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
  writeFileSync(credentialFile, 'not a credential');
  await expect(connectService()).rejects.toMatchObject({ code: 'bad_credential' });
});

it('before it is there it is as if it were away, and whoever waits for it begins when it comes', async () => {
  const bus = new Bus();
  const begun: string[] = [];
  await bus.whenThere(() => void begun.push('one'));
  await bus.whenThere(async () => void begun.push('two'));
  bus.publish('some.subject', {});
  const asked = bus.request('some.subject', {}, { timeoutMs: 1_000, unavailable: 'noSigner' });
  await expect(asked).rejects.toMatchObject({ body: { detail: expect.stringContaining('signer') } });
  await expect(bus.flush()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect([bus.isThere, begun]).toEqual([false, []]);
  connection = await connectService();
  await bus.arrives(connection);
  await bus.whenThere(() => void begun.push('three'));
  expect([bus.isThere, bus.connection, begun]).toEqual([true, connection, ['one', 'two', 'three']]);
});

it('says whether the bus has had what was said within a time, and waits no longer', async () => {
  const bus = new Bus();
  expect(await bus.flushedWithin(60_000)).toBe(false);
  connection = await connectService();
  await bus.arrives(connection);
  expect(await bus.flushedWithin(60_000)).toBe(true);
  server.isSilent = true;
  expect(await bus.flushedWithin(10)).toBe(false);
  const asked = bus.flushedWithin(60_000);
  server.hangUp();
  expect(await asked).toBe(false);
});

it('S15: signs nothing of what a rogue bus asks for, says so, and waits for a better one', async () => {
  server.info = { nonce: `${Buffer.from('{"alg":"EdDSA","typ":"data"}').toString('base64url')}.e30` };
  const connecting = connectService();
  await eventually(() => server.connections >= 2);
  expect(server.heard).toBe('');
  expect(warnings).toEqual([{ reason: expect.stringContaining('no nonce of the bus') }]);
  server.info = { nonce: 'abcdefghijk' };
  connection = await connecting;
  expect(server.heard).toContain('"jwt":"first.jwt"');
});
