// plexctl towards a bus with TLS, on a real server.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialOptions, readBusCredential } from '@plexsphere/bus-client';
import type { NatsServer } from '@plexsphere/stack';
import { busCredentialText, endBus, startedBus, testCertificates } from '@plexsphere/testkit';
import { connect, type NatsConnection } from 'nats';
import { FakeBus } from '../testing/fake-bus';
import { Desk, OPERATOR } from '../testing/surroundings';

jest.setTimeout(60_000);

const desk = new Desk();
const { ca, cert, key } = testCertificates(['127.0.0.1']);
const caFile = desk.file('ca.pem', ca);
const JWKS = ['signing', 'jwks', '--scope', 'platform', '--output', 'json'];
const REPLY = { scope: 'platform', epoch: 1, keys: [] };
const ENROLLED = { node_id: OPERATOR, scope: 'platform', name: 'edge-1', bus_jwt: 'a.b.c', bundle: 'd.e.f' };

let server: NatsServer;
let service: NatsConnection;
let endpoint: string;

beforeAll(async () => {
  const files = [desk.file('cert.pem', cert), desk.file('key.pem', key)].map((path) => JSON.stringify(path));
  server = await startedBus(`tls { cert_file: ${files[0]}, key_file: ${files[1]} }`);
  endpoint = `tls://${server.host}:${server.port}`;
  const own = {
    credential: () => readBusCredential(busCredentialText()),
    inboxPrefix: '_INBOX.service',
    name: 'service',
  };
  service = await connect(dialOptions({ servers: [endpoint], ca, ...own }));
  service.subscribe('cmd.*.signing.jwks', { callback: (_, message) => void message.respond(JSON.stringify(REPLY)) });
  service.subscribe('cmd.*.node.add', { callback: (_, message) => void message.respond(JSON.stringify(ENROLLED)) });
  await service.flush();
});

afterAll(async () => {
  await service.close();
  await endBus(server);
  desk.remove();
});

it('S4: speaks by certificates from a flag, the environment or the profile', async () => {
  const byFlag = await desk.plexctl(endpoint, [...JWKS, '--bus-ca-file', caFile]);
  expect([byFlag.exitCode, byFlag.stderr]).toEqual([0, '']);
  expect(JSON.parse(byFlag.stdout)).toEqual(REPLY);
  const env = { PLEXSPHERE_SIGNER_ENDPOINT: endpoint, PLEXSPHERE_TOKEN_FILE: desk.tokenFile };
  const byEnvironment = await desk.plexctl(endpoint, JWKS, { env: { ...env, PLEXSPHERE_BUS_CA_FILE: caFile } });
  expect(byEnvironment.exitCode).toBe(0);
});

it('S4: refuses a bus whose certificate nothing speaks for, and one that has none', async () => {
  const unknown = await desk.plexctl(endpoint, JWKS);
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stderr).toMatch(/"cause":"[^"]*certificate/);
  const plain = new FakeBus(() => ({ reply: REPLY }));
  const answer = await desk.plexctl(`tls://${await plain.start()}`, [...JWKS, '--bus-ca-file', caFile]);
  expect([answer.exitCode, plain.requests]).toEqual([1, []]);
  expect(answer.stderr).toContain('it does not offer TLS');
  await plain.stop();
});

it.each([
  ['that is not there', '/nowhere/ca.pem', '--bus-ca-file cannot be read: ENOENT'],
  ['without a certificate', desk.file('empty.pem', 'SECRET'), '--bus-ca-file holds no certificate'],
])('S4: dials nobody for a file %s', async (_, file, said) => {
  const { exitCode, stderr } = await desk.plexctl(endpoint, [...JWKS, '--bus-ca-file', file]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain('SECRET');
});

it('S4: takes the flag for no bus in plaintext, and the environment for those that have TLS', async () => {
  const flag = await desk.plexctl('127.0.0.1:1', [...JWKS, '--bus-ca-file', caFile]);
  expect(flag).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--bus-ca-file is for tls:// alone') });
  const env = { PLEXSPHERE_SIGNER_ENDPOINT: '127.0.0.1:1', PLEXSPHERE_TOKEN_FILE: desk.tokenFile };
  expect((await desk.plexctl('', JWKS, { env: { ...env, PLEXSPHERE_BUS_CA_FILE: caFile } })).exitCode).toBe(1);
});

it('S4: hands the certificates on to the Node that it enrols', async () => {
  const out = join(desk.folder, 'edge-1.json');
  const add = ['node', 'add', '--scope', 'platform', '--name', 'edge-1', '--out', out, '--bus-ca-file', caFile];
  expect((await desk.plexctl(endpoint, add)).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ servers: [endpoint], bus_ca: ca });
});
