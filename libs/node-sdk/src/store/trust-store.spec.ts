import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { transformFile } from '@swc/core';
import { acquireLock } from '@plexsphere/disk';
import { readBundle } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import { parseEnrolment, type Enrolment } from '../enrolment/enrolment';
import { parseTrustFile, trustFileText } from './trust-file';
import { trustAtEnrolment } from '../trust/trust-state';
import { TrustStore } from './trust-store';

const NOW = new Date('2026-03-01T12:00:00Z');

let mesh: TestMesh;
let enrolment: Enrolment;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  mesh = await TestMesh.create(NOW);
  enrolment = parseEnrolment(await mesh.enrolment(NOW));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const storeFolder = () => join(folder, 'store');
const trustFile = () => join(storeFolder(), 'trust.json');
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

async function reopened(): Promise<TrustStore['opened']> {
  const store = await TrustStore.open(storeFolder(), enrolment);
  store.close();
  return store.opened;
}

/** One file of ours as a program of its own; it may import nothing but Node. */
async function startChild(file: string, program: string): Promise<ChildProcess> {
  const { code } = await transformFile(join(__dirname, '../../../disk/src', file), {
    swcrc: false,
    configFile: false,
    module: { type: 'commonjs' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  const script = join(folder, 'child.cjs');
  await writeFile(script, `${code}\n${program}\n`);
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

const firstLine = async (child: ChildProcess): Promise<string> =>
  String((await once(createInterface(child.stdout!), 'line'))[0]);

describe('open', () => {
  test('begins with what the enrolment says, for no other eyes', async () => {
    expect(trustFileText(await reopened())).toBe(
      trustFileText(trustAtEnrolment(mesh.nodeId, readBundle(enrolment.bundle))),
    );
    expect(await modeOf(storeFolder())).toBe(0o700);
    expect(await modeOf(trustFile())).toBe(0o600);
  });

  test('finds what was saved, whatever a newer enrolment says', async () => {
    await mesh.ring.rotate('key-2', NOW);
    const newer = parseEnrolment(await mesh.enrolment(NOW));
    const store = await TrustStore.open(storeFolder(), newer);
    store.opened.applied.add('event-1', NOW);
    const saved = { ...store.opened, position: 7 };
    await store.save(saved);
    store.close();
    expect(trustFileText(await reopened())).toBe(trustFileText(saved));
    expect(saved.ring.keys[1]?.notAfter).toBeInstanceOf(Date);
  });

  test.each<[string, (text: string) => string]>([
    ['cut short', (text) => text.slice(0, -20)],
    ['empty', () => ''],
    ['not ours', () => '{}'],
    ['with one digit changed', (text) => text.replace('"position":0', '"position":9')],
    ['null', () => 'null'],
  ])('a file that is %s is an error, and stays as it is', async (_how, damage) => {
    await reopened();
    const damaged = damage(await readFile(trustFile(), 'utf8'));
    await writeFile(trustFile(), damaged);
    await expect(reopened()).rejects.toMatchObject({ code: 'store_damaged' });
    await expect(reopened()).rejects.toMatchObject({ code: 'store_damaged' });
    expect(await readFile(trustFile(), 'utf8')).toBe(damaged);
  });

  test('one of before there were channels is read, and written anew with the next change', async () => {
    await reopened();
    const text = await readFile(trustFile(), 'utf8');
    const { state } = JSON.parse(text) as { state: Record<string, unknown> };
    const earlier = JSON.stringify({ ...state, version: 3, channel_rings: undefined });
    const digest = createHash('sha256').update(earlier).digest('hex');
    await writeFile(trustFile(), `{"checksum":"${digest}","state":${earlier}}\n`);
    expect(trustFileText(await reopened())).toBe(text);
    const both = JSON.stringify({ ...state, version: 3 });
    const other = createHash('sha256').update(both).digest('hex');
    await writeFile(trustFile(), `{"checksum":"${other}","state":${both}}\n`);
    await expect(reopened()).rejects.toMatchObject({ code: 'store_damaged' });
  });

  test("another Node's store is refused", async () => {
    await reopened();
    const other = { ...enrolment, nodeId: '9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11' };
    await expect(TrustStore.open(storeFolder(), other)).rejects.toMatchObject({ code: 'store_of_another_node' });
  });
});

describe('one process at a time', () => {
  test('a second client here is refused until the first has closed', async () => {
    const store = await TrustStore.open(storeFolder(), enrolment);
    await expect(TrustStore.open(storeFolder(), enrolment)).rejects.toMatchObject({ code: 'store_in_use' });
    store.close();
    await expect(reopened()).resolves.toBeDefined();
  });

  test('another process is refused while it lives, and its lock is taken over when it was killed', async () => {
    const lock = join(folder, 'lock');
    const program = `console.log(exports.acquireLock(${JSON.stringify(lock)}) !== undefined); setInterval(() => {}, 1e6)`;
    const child = await startChild('lock.ts', program);
    expect(await firstLine(child)).toBe('true');
    expect(acquireLock(lock)).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const release = acquireLock(lock);
    expect(release).toBeDefined();
    release?.();
  });

  test.each(['', 'no pid', `${process.pid} before the reboot`, `${process.ppid} before the reboot`, '99999999 1'])(
    'a left-over lock of nobody is taken over: %p',
    async (text) => {
      const lock = join(folder, 'lock');
      await writeFile(lock, text);
      const release = acquireLock(lock);
      expect(release).toBeDefined();
      release?.();
    },
  );
});

test('killed at any instant of any write, the file is whole and has what was said to be saved', async () => {
  const first = trustAtEnrolment(mesh.nodeId, readBundle(enrolment.bundle));
  let state = first;
  const texts = [trustFileText(first)];
  for (let position = 1; position <= 100; position += 1) {
    state.applied.add(`event-${position}`.padEnd(40 + (position % 7) * 1_600), NOW);
    state = { ...state, position };
    texts.push(trustFileText(state));
  }
  await reopened();
  await writeFile(join(folder, 'texts.json'), JSON.stringify(texts));
  let begun = 0;
  for (let round = 0; round < 6; round += 1) {
    const child = await startChild(
      'atomic-file.ts',
      `const texts = JSON.parse(require('node:fs').readFileSync(${JSON.stringify(join(folder, 'texts.json'))}, 'utf8'));
       (async () => { for (let n = ${begun}; ; n++) {
         await exports.writeAtomically(${JSON.stringify(trustFile())}, texts[n % texts.length]); console.log(n); } })();`,
    );
    let saved = -1;
    createInterface(child.stdout!).on('line', (line) => (saved = Number(line)));
    await once(child.stdout!, 'data');
    // Not a wait for something: the instant of the kill, another one each round.
    await delay(round * 6);
    child.kill('SIGKILL');
    await once(child, 'close');
    const found = parseTrustFile(await readFile(trustFile(), 'utf8'));
    // The write that was on its way may have come through.
    expect([saved, saved + 1].map((n) => n % texts.length)).toContain(found?.position);
    begun = saved + 1;
  }
}, 240_000);
