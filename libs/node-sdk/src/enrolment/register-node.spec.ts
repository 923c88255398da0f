import { PlayedGateway, type Asked } from '../../testing/played-gateway';
import { TestMesh } from '../../testing/test-mesh';
import { parseEnrolment } from './enrolment';
import { registerNode } from './register-node';

const NOW = new Date();
const TOKEN = 'the-enrolment-token';
const SECRET = 'the-nodes-own-token';
const KEY = 'cVd1pW5qVh2rBr2v0YAmnM2ZrYdLXcPlxRjRkJ7Xw0I=';
let mesh: TestMesh;
const gateways: PlayedGateway[] = [];
beforeAll(async () => void (mesh = await TestMesh.create(NOW)));
afterEach(() => gateways.splice(0).forEach((gateway) => gateway.close()));

async function played(...answers: [status: number, body: string][]): Promise<PlayedGateway> {
  const gateway = await PlayedGateway.start((response) => {
    const [status, body] = answers.length > 1 ? answers.shift()! : answers[0]!;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  gateways.push(gateway);
  return gateway;
}

const register = (...of: PlayedGateway[]): Promise<string> =>
  registerNode({ gateways: of.map(({ url }) => url), token: TOKEN, hostname: 'edge 1', wireguardKey: KEY });

const answer = async (members: object = {}): Promise<string> => {
  const { nodeId: node_id, ring } = mesh;
  const told = { node_id, scope: ring.scope, name: 'edge-1', node_secret_key: SECRET, bundle: await mesh.bundle(NOW) };
  return JSON.stringify({ ...told, mesh_ip: '100.64.0.7', ...members });
};

const saidBy = ({ method, route, body }: Asked): unknown[] => [method, route, JSON.parse(body)];

test('what it is told is an enrolment file', async () => {
  const gateway = await played([200, await answer()]);
  const enrolment = parseEnrolment(await register(gateway));
  expect(enrolment).toMatchObject({ nodeId: mesh.nodeId, name: 'edge-1', gateways: [gateway.url], bearer: SECRET });
  const said = { token: TOKEN, hostname: 'edge 1', public_key: KEY, listens: 'sdk' };
  expect(gateway.asked.map(saidBy)).toEqual([['POST', 'register', said]]);
});

test('where one gateway cannot, another one is asked', async () => {
  const [first, second] = [await played([503, '{}']), await played([200, await answer()])];
  expect(parseEnrolment(await register(first, second))).toMatchObject({ gateways: [first.url, second.url] });
});

test.each<[number, string, number]>([
  [400, 'registration_refused', 1],
  [401, 'registration_refused', 1],
  [404, 'registration_refused', 1],
  [429, 'registration_failed', 2],
  [500, 'registration_failed', 2],
  [503, 'registration_failed', 2],
])('%i is %s, and no secret is in it', async (status, code, asked) => {
  const body = JSON.stringify({ detail: TOKEN });
  const both = [await played([status, body]), await played([status, body])];
  const refused = await register(...both).catch((error: Error) => error);
  expect(refused).toMatchObject({ name: 'NodeSdkError', code, about: `${status}` });
  expect(String(refused)).not.toContain(TOKEN);
  expect(both.flatMap((gateway) => gateway.asked)).toHaveLength(asked);
});

test('nobody there', async () => {
  const gone = await played([200, '']);
  const { url } = gone;
  gone.close();
  const asked = registerNode({ gateways: [url], token: TOKEN, hostname: 'edge', wireguardKey: KEY });
  await expect(asked).rejects.toMatchObject({ code: 'registration_failed', about: 'ECONNREFUSED' });
});

test('what is answered has to be an enrolment, of a size that one can have', async () => {
  await expect(register(await played([200, await answer({ node_id: 'x' })]))).rejects.toMatchObject({
    ...{ code: 'enrolment_malformed', about: 'node_id' },
  });
  await expect(register(await played([200, 'x'.repeat(300_000)]))).rejects.toMatchObject({
    ...{ code: 'registration_failed', about: 'too long' },
  });
});

test('no token goes in the clear beyond this machine', () =>
  expect(
    registerNode({ gateways: ['http://192.0.2.1'], token: TOKEN, hostname: 'edge', wireguardKey: KEY }),
  ).rejects.toMatchObject({ code: 'plaintext_beyond_loopback' }));
