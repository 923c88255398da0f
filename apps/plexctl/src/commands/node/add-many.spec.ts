// Enrolling what a file names, against a bus that answers as rotation does.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddNodes } from '@plexsphere/wire/commands';
import { busKeyOf, decodeBusSeed } from '@plexsphere/wire';
import { FakeBus, type Reaction } from '../../../testing/fake-bus';
import { Desk } from '../../../testing/surroundings';

const desk = new Desk();
afterAll(() => desk.remove());

const SCOPE = 'platform';
const BATCH = '.plexctl-enrolment.json';

/** Keeps who came by which key, as rotation does. */
class Enrolling {
  readonly nodes = new Map<string, { id: string; key: string }>();
  readonly requests: AddNodes[] = [];

  answer(request: AddNodes): Reaction {
    this.requests.push(request);
    for (const { name, bus_public_key: key } of request.nodes) {
      if (!this.nodes.has(name)) this.nodes.set(name, { id: randomUUID(), key });
    }
    const isMine = ({ name, bus_public_key: key }: AddNodes['nodes'][number]) => this.nodes.get(name)?.key === key;
    const [mine, taken] = [request.nodes.filter(isMine), request.nodes.filter((node) => !isMine(node))];
    const nodes = mine.map(({ name }) => {
      return { node_id: this.nodes.get(name)!.id, name, bus_jwt: 'a.b.c', added: true };
    });
    return { reply: { scope: SCOPE, bundle: 'd.e.f', nodes, taken: taken.map(({ name }) => name) } };
  }
}

let folders = 0;
const newFolder = (): string => join(desk.folder, `batch-${folders++}`);

async function addMany(text: string, folder: string, react: (request: AddNodes) => Reaction) {
  const bus = new FakeBus(({ body }) => react(body as unknown as AddNodes));
  const from = desk.file(`names-${randomUUID()}.txt`, text);
  const args = ['node', 'add', '--scope', SCOPE, '--from', from, '--out', folder, '--output', 'json'];
  try {
    return { ...(await desk.plexctl(await bus.start(), args)), bus };
  } finally {
    await bus.stop();
  }
}

const enrolmentIn = (folder: string, name: string) =>
  JSON.parse(readFileSync(join(folder, `${name}.node.json`), 'utf8')) as Record<string, string>;
const namesOf = (count: number): string => Array.from({ length: count }, (_, i) => `edge-${i}\n`).join('');

it('writes a file for its owner alone for each name, with the key that was enrolled', async () => {
  const [rotation, folder] = [new Enrolling(), newFolder()];
  const text = '# hosts\nedge-1\n\n  edge-2  \r\n{"name": "edge-3", "rack": 7}\n';
  const { exitCode, stdout, stderr, bus } = await addMany(text, folder, (request) => rotation.answer(request));
  expect(exitCode).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['edge-1.node.json', 'edge-2.node.json', 'edge-3.node.json']);
  for (const [name, { id, key }] of rotation.nodes) {
    expect(statSync(join(folder, `${name}.node.json`)).mode & 0o777).toBe(0o600);
    const { bus_credential: credential, ...rest } = enrolmentIn(folder, name);
    expect(rest).toMatchObject({ node_id: id, scope: SCOPE, name, bundle: 'd.e.f' });
    const seed = /^SU.*$/m.exec(credential ?? '')?.[0] ?? 'none';
    expect(busKeyOf('user', decodeBusSeed('user', seed) ?? Buffer.alloc(32)).publicKey).toBe(key);
    expect(JSON.stringify(bus.requests) + stdout + stderr).not.toContain(seed);
  }
  expect(JSON.parse(stdout)).toMatchObject({ scope: SCOPE, passed_over: 0, taken: [] });
});

it('asks in as many requests as it takes, and says how far it has come', async () => {
  const [rotation, folder] = [new Enrolling(), newFolder()];
  const { exitCode, stderr } = await addMany(namesOf(300), folder, (request) => rotation.answer(request));
  expect(exitCode).toBe(0);
  expect(rotation.requests.map(({ nodes }) => nodes.length)).toEqual([256, 44]);
  expect(readdirSync(folder)).toHaveLength(300);
  expect(stderr).toContain('256 of 300');
});

it('goes on by the same keys and the same requests where it was broken off, and passes over what is there', async () => {
  const [rotation, folder] = [new Enrolling(), newFolder()];
  const down = { problem: { code: 'UNAVAILABLE', detail: 'signing: no signer' } };
  // The second request is done, and its answer is lost.
  const first = await addMany(namesOf(300), folder, (request) => {
    const answer = rotation.answer(request);
    return rotation.requests.length === 1 ? answer : down;
  });
  expect(first.exitCode).toBe(1);
  expect(statSync(join(folder, BATCH)).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toHaveLength(257);
  const second = await addMany(namesOf(300), folder, (request) => rotation.answer(request));
  expect(second.exitCode).toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ passed_over: 256, taken: [] });
  expect(rotation.requests.at(-1)).toEqual(rotation.requests[1]);
  expect(readdirSync(folder)).toHaveLength(300);
  for (const [name, { id }] of rotation.nodes) expect(enrolmentIn(folder, name)['node_id']).toBe(id);
  const third = await addMany(namesOf(300), folder, (request) => rotation.answer(request));
  expect([third.exitCode, third.bus.connections]).toEqual([0, 0]);
  expect(existsSync(join(folder, BATCH))).toBe(false);
});

it('names whom others have, enrols the rest, and exits 1', async () => {
  const [rotation, folder] = [new Enrolling(), newFolder()];
  rotation.nodes.set('edge-1', { id: randomUUID(), key: 'U1' });
  const { exitCode, stdout, stderr } = await addMany(namesOf(3), folder, (request) => rotation.answer(request));
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ taken: ['edge-1'], nodes: [{ name: 'edge-0' }, { name: 'edge-2' }] });
  expect(stderr).toContain('signing: node exists');
  expect(readdirSync(folder).sort()).toEqual(['edge-0.node.json', 'edge-2.node.json']);
});

it.each([
  ['no name', '# nobody\n\n', '--from names no Node'],
  ['a name that is none', 'edge-1\nedge 2\n', '--from names no Node: line 2'],
  ['an object without one', '{"host": "edge-1"}\n', '--from names no Node: line 1'],
  ['JSON that is none', 'edge-1\n{"name": \n', '--from names no Node: line 2'],
  ['one name twice', 'edge-1\n{"name": "edge-1"}\n', '--from names a Node twice: line 2'],
])('refuses a file with %s before anything is asked or written', async (_, text, detail) => {
  const folder = newFolder();
  const { exitCode, stderr, bus } = await addMany(text, folder, () => 'silence');
  expect([exitCode, bus.connections, existsSync(folder)]).toEqual([2, 0, false]);
  expect(JSON.parse(stderr)).toMatchObject({ detail, field: 'from' });
});

it('refuses a folder with the file of another Node, and one with the beginning of another scope', async () => {
  const [folder, other] = [newFolder(), newFolder()];
  await addMany('edge-1\n', folder, (request) => new Enrolling().answer(request));
  writeFileSync(join(folder, 'edge-2.node.json'), JSON.stringify({ scope: SCOPE, name: 'edge-9' }), { mode: 0o600 });
  const taken = await addMany('edge-1\nedge-2\n', folder, () => 'silence');
  expect([taken.exitCode, taken.bus.connections]).toEqual([2, 0]);
  expect(JSON.parse(taken.stderr)).toMatchObject({ detail: '--out holds a file of another Node' });

  await addMany('edge-1\n', other, () => ({ problem: { code: 'UNAVAILABLE', detail: 'signing: no signer' } }));
  const kept = JSON.parse(readFileSync(join(other, BATCH), 'utf8')) as object;
  writeFileSync(join(other, BATCH), JSON.stringify({ ...kept, scope: 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' }));
  const foreign = await addMany('edge-1\n', other, () => 'silence');
  expect([foreign.exitCode, foreign.bus.connections]).toEqual([2, 0]);
  expect(JSON.parse(foreign.stderr)).toMatchObject({ detail: '--out holds an enrolment that has not ended' });
});

it('makes no keys of what another user has put into the folder', async () => {
  const folder = newFolder();
  await addMany('edge-1\n', folder, () => ({ problem: { code: 'UNAVAILABLE', detail: 'signing: no signer' } }));
  const me = statSync(join(folder, BATCH)).uid;
  const whoRuns = jest.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(me + 1);
  try {
    const { exitCode, stderr, bus } = await addMany('edge-1\n', folder, () => 'silence');
    expect([exitCode, bus.connections]).toEqual([2, 0]);
    expect(JSON.parse(stderr)).toMatchObject({ detail: "--out refused: somebody else's file", field: 'out' });
  } finally {
    whoRuns.mockRestore();
  }
});
