// What is dialled, and what is not, tried on real servers with and without TLS and on one that is not what it should be.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsServer } from '@plexsphere/stack';
import {
  busCredentialText,
  endBus,
  RogueServer,
  startedBus,
  temporaryFolder,
  testCertificates,
} from '@plexsphere/testkit';
import { connect, type NatsConnection } from 'nats';
import { readBusCredential } from './bus-authenticator';
import { dialOptions, type Dialling } from './dial-options';

jest.setTimeout(60_000);

const folder = temporaryFolder();
const { ca, cert, key } = testCertificates(['127.0.0.1']);
const other = testCertificates(['127.0.0.1']);
const localhost = testCertificates(['localhost']);

const servers: NatsServer[] = [];

const fileOf = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

async function startServer(name: string, certificates?: { cert: string; key: string }): Promise<string> {
  const tls =
    certificates &&
    `tls { cert_file: ${JSON.stringify(fileOf(`${name}.pem`, certificates.cert))}
           key_file: ${JSON.stringify(fileOf(`${name}.key`, certificates.key))} }`;
  const server = await startedBus(tls);
  servers.push(server);
  return `${server.host}:${server.port}`;
}

let plain: string;
let secure: string;

beforeAll(async () => {
  [plain, secure] = await Promise.all([startServer('plain'), startServer('secure', { cert, key })]);
});

afterAll(() => Promise.all(servers.map(endBus)));

const credential = readBusCredential(busCredentialText());
const optionsOf = (server: string, more: Partial<Dialling> = {}) => ({
  ...dialOptions({ servers: [server], credential: () => credential, inboxPrefix: '_INBOX.t', name: 't', ...more }),
  reconnect: false,
  timeout: 10_000,
});

async function dialled<T>(
  server: string,
  more: Partial<Dialling>,
  look: (connection: NatsConnection) => T,
): Promise<T> {
  const connection = await connect(optionsOf(server, more));
  try {
    await connection.flush();
    return look(connection);
  } finally {
    await connection.close();
  }
}

const refusal = (server: string, more: Partial<Dialling> = {}): Promise<unknown> =>
  dialled(server, more, () => 'connected').catch((error: { code?: string }) => error.code);

it('S4: talks TLS to a bus of tls://, by certificates from a file or as text', async () => {
  const isTls = ({ info }: NatsConnection) => info?.tls_required;
  expect(await dialled(`tls://${secure}`, { ca }, isTls)).toBe(true);
  expect(await dialled(`tls://${secure}`, { caFile: fileOf('ca.pem', ca) }, isTls)).toBe(true);
});

it('S4: does not fall back to plaintext where tls:// is asked for and the bus has none', async () => {
  expect(await refusal(`tls://${plain}`)).toBe('SERVER_OPT_NA');
  const rogue = new RogueServer({ nonce: 'abcdefghijk' });
  expect(await refusal(`tls://${await rogue.start()}`)).toBe('SERVER_OPT_NA');
  expect(rogue).toMatchObject({ connections: 1, heard: '' });
  await rogue.stop();
});

it('S4: refuses a certificate of another authority, and one for another host', async () => {
  expect(await refusal(`tls://${secure}`)).toMatch(/CERT|VERIFY/);
  expect(await refusal(`tls://${secure}`, { ca: other.ca })).toMatch(/CERT|VERIFY/);
  const elsewhere = await startServer('elsewhere', localhost);
  expect(await refusal(`tls://${elsewhere}`, { ca: localhost.ca })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

it('S4: shows no credential in the clear beyond this machine, unless that is insisted on', () => {
  const thrown = (texts: string[], more: Partial<Dialling> = {}) => {
    try {
      return dialOptions({ ...{ servers: texts, credential: () => credential, inboxPrefix: 'i', name: 'n' }, ...more });
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  for (const text of ['10.0.0.7:4222', 'nats://bus.example.com:4222', '[2001:db8::7]:4222', 'localhost.evil.com:1']) {
    expect(thrown([text])).toBe('plaintext_beyond_loopback');
    expect(thrown([plain, text])).toBe('plaintext_beyond_loopback');
    expect(thrown([text], { insecure: true })).toMatchObject({ servers: [text] });
  }
  expect(thrown([plain, `tls://${secure}`])).toBe('mixed_schemes');
  expect(thrown([plain], { ca })).toBe('ca_without_tls');
  expect(thrown(['http://localhost:1'])).toBe('malformed_address');
  // What a plaintext bus says of other servers was never checked to be this machine's.
  expect(thrown([plain])).toMatchObject({ ignoreClusterUpdates: true });
  expect(thrown([`tls://${secure}`])).toMatchObject({ ignoreClusterUpdates: false });
});

it('S15: gives a rogue bus no signature over a text of its choice, and says why', async () => {
  const input = `${Buffer.from('{"alg":"EdDSA","typ":"data"}').toString('base64url')}.e30`;
  const rogue = new RogueServer({ nonce: input });
  const address = await rogue.start();
  await expect(connect(optionsOf(address))).rejects.toMatchObject({
    code: 'nonce_refused',
    message: expect.stringContaining('no nonce'),
  });
  expect(rogue.heard).not.toMatch(/CONNECT|jwt|sig/);
  await rogue.stop();
});
