/** What a Node sees, as plexctl prints it: before a gateway that is played, whose every message is really signed. */
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { createServer as createHttp, type Server } from 'node:http';
import { envelopeBy, TestRings } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { Desk, type Given, type Outcome } from '../../../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

const NODE_ID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';
const SCOPE = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const rings = new TestRings();
const keyboard = { abort: new AbortController() };
let gateway: Server;
let posted: { path: string | undefined; position: number }[];
let file: string;

beforeAll(async () => {
  await rings.create(PLATFORM, 'p1');
  await rings.create(SCOPE, 'k1');
});

beforeEach(async () => {
  keyboard.abort = new AbortController();
  posted = [];
  gateway = createHttp((request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of messages(String(request.headers['plexsphere-hello-id']))) response.write(text);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.writeHead(204).end();
      posted.push({ path: request.url?.split('/').at(-1), ...(JSON.parse(body) as { position: number }) });
      const isDone = posted.some(({ path, position }) => path === 'ack' && position === 2);
      // It asks anew for what it may have missed by the message that it refused.
      if (isDone && posted.some(({ path }) => path === 'hello')) keyboard.abort.abort();
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const gateways = [`http://127.0.0.1:${(gateway.address() as AddressInfo).port}`];
  file = desk.file(
    'edge-1.node.json',
    JSON.stringify({
      ...{ node_id: NODE_ID, scope: SCOPE, name: 'edge-1', gateways, bearer: 'a-secret' },
      bundle: await rings.bundle(SCOPE, new Date()),
    }),
  );
});

afterEach(() => {
  gateway.closeAllConnections();
  gateway.close();
});

/** The answer to a hello, two events of ours, and one that somebody else has signed. */
function messages(helloId: string): string[] {
  const { active } = rings.of(SCOPE);
  const now = new Date();
  const ready = {
    ...{ node_id: NODE_ID, hello_id: helloId, epoch: 1, platform_epoch: 1, resumes_after: 0, last_position: 2 },
  };
  const readyId = `${NODE_ID}/${randomUUID()}`;
  const event = (text: string, id = ''): string => `${id}event: event\ndata: ${text}\n\n`;
  const envelope = (n: number): string =>
    envelopeBy(active, SCOPE, now, { eventId: randomUUID(), eventType: 'route_updated', payload: { n } });
  const forged = envelopeBy(rings.recovery, SCOPE, now, { eventId: 'forged', eventType: 'signing_key_rotated' });
  return [
    event(envelopeBy(active, SCOPE, now, { eventType: 'stream_ready', eventId: readyId, payload: ready })),
    event(envelope(1), 'id: 1\n'),
    event(envelope(2), 'id: 2\n'),
    event(forged),
  ];
}

const listen = (store: string, more: string[] = [], given: Given = {}): Promise<Outcome> =>
  desk.plexctl('', ['node', 'listen', '--file', file, '--store', `${desk.folder}/${store}`, ...more], {
    ...{ env: {}, interrupted: keyboard.abort.signal },
    ...given,
  });

it('prints each thing as the Node sees it, a document a line, acknowledges it, and ends in order', async () => {
  const { exitCode, stdout, stderr } = await listen('json', ['--output', 'json']);
  const seen = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(seen).toEqual([
    expect.objectContaining({ what: 'trusts', epoch: 1, key_ids: ['k1'], platform_epoch: 1, platform_key_ids: ['p1'] }),
    expect.objectContaining({ what: 'ready', position: expect.any(Number) }),
    expect.objectContaining({ what: 'event', position: 1, event_type: 'route_updated', payload: '{"n":1}' }),
    expect.objectContaining({ what: 'event', position: 2, key_id: 'k1', epoch: 1, payload: '{"n":2}' }),
    expect.objectContaining({ what: 'refused', reason: 'signature_invalid', event_type: 'signing_key_rotated' }),
    expect.objectContaining({ what: 'stopped', applied: 2, duplicates: 0, key_changes: 0 }),
  ]);
  for (const { at } of seen) expect(new Date(String(at)).getTime()).toBeGreaterThan(0);
});

it('is a line each for people', async () => {
  const { stdout } = await listen('text');
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\S+Z {2}trusts {7}epoch 1, key ids k1, platform epoch 1, platform key ids p1$/);
  expect(lines).toContainEqual(
    expect.stringMatching(/Z {2}event {8}position 1, event type route_updated, .*\{"n":1\}$/),
  );
});

it('goes on where it was: what was printed once is not printed again', async () => {
  await listen('twice');
  posted = [];
  keyboard.abort = new AbortController();
  const { stdout } = await listen('twice', ['--output', 'json']);
  expect(stdout).not.toContain('"what":"event"');
});

it('says why nothing comes, and ends all the same', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    socket.destroy();
    // What became of the first one is told before the second.
    if ((connections += 1) === 2) keyboard.abort.abort();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const nowhere = { gateways: [`http://127.0.0.1:${port}`] };
  const { readFileSync } = await import('node:fs');
  file = desk.file('nowhere.json', JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...nowhere }));
  const { exitCode, stdout, stderr } = await listen('nowhere');
  server.close();
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('note: no stream of this gateway: ')]);
  expect(stdout).toContain('stopped');
});

describe('is refused', () => {
  it.each([
    ['a file that is not there', () => `${desk.folder}/nothing`, '--file cannot be read: ENOENT'],
    ['one that others can read', () => desk.file('open.json', '{}', 0o644), '--file refused: others can read it'],
    ['one that is none', () => desk.file('none.json', '{"bearer":"a-secret"}'), '--file is no enrolment file'],
  ])('%s', async (_, path, said) => {
    file = path();
    const { exitCode, stdout, stderr } = await listen('none');
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringContaining(`plexctl: ${said}`)]);
    expect(stderr).not.toContain('a-secret');
  });

  it("another Node's folder", async () => {
    await listen('its-own');
    const text = JSON.stringify({
      ...(JSON.parse((await import('node:fs')).readFileSync(file, 'utf8')) as object),
      node_id: randomUUID(),
    });
    file = desk.file('other.json', text);
    const { exitCode, stderr } = await listen('its-own');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('plexctl: store of another node')]);
  });
});
