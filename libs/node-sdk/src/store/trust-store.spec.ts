import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, readdir, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { transformFile } from '@swc/core';
import { acquireLock } from '@plexsphere/disk';
import { publicText } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { PlayedRing, playedMember } from '../../testing/played-ring';
import { TestMesh } from '../../testing/test-mesh';
import { trustFileBytes } from '../../testing/trust-file-bytes';
import { parseEnrolment, type Enrolment } from '../enrolment/enrolment';
import { takeKeys } from '../member/take-keys';
import { oneFurther, trustAtEnrolment, type TrustState } from '../trust/trust-state';
import { parseTrustFile, stateText } from './trust-file';
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
  await store.close();
  return store.opened;
}

/** An event is applied, and what the Node holds then. */
function applied(state: TrustState, eventId: string): TrustState {
  state.applied.add(eventId, NOW);
  return oneFurther(state);
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
    expect(stateText(await reopened())).toBe(stateText(trustAtEnrolment(mesh.nodeId, readBundle(enrolment.bundle))));
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
    await store.close();
    expect(stateText(await reopened())).toBe(stateText(saved));
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

  test('one of an earlier version is read, and written anew with the next change', async () => {
    const state = applied(await reopened(), 'event-1');
    const { version, channel_rings, ...body } = JSON.parse(stateText(state)) as Record<string, unknown>;
    const fileOf = (text: string): string => {
      const digest = createHash('sha256').update(text).digest('hex');
      return `{"checksum":"${digest}","state":${text}}\n`;
    };
    for (const earlier of [
      { version: 3, ...body },
      { version: 4, ...body, channel_rings },
    ]) {
      await writeFile(trustFile(), fileOf(JSON.stringify(earlier)));
      const store = await TrustStore.open(storeFolder(), enrolment);
      expect(stateText(store.opened)).toBe(stateText(state));
      const next = applied(store.opened, 'event-2');
      await store.save(next);
      await store.close();
      expect(await readFile(trustFile())).toEqual(trustFileBytes(next));
    }
    for (const none of [
      { version: 3, ...body, channel_rings },
      { version: 4, ...body },
      { version, ...body, channel_rings },
      { version: 2, ...body },
    ]) {
      await writeFile(trustFile(), fileOf(JSON.stringify(none)));
      await expect(reopened()).rejects.toMatchObject({ code: 'store_damaged' });
    }
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
    await store.close();
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

describe('progress', () => {
  let store: TrustStore;
  let state: TrustState;
  beforeEach(async () => {
    store = await TrustStore.open(storeFolder(), enrolment);
    state = store.opened;
  });
  afterEach(() => store.close());

  const save = async (next: TrustState): Promise<void> => {
    await store.save(next);
    state = next;
  };
  const onDisk = async (): Promise<TrustState> => parseTrustFile(await readFile(trustFile()))!;
  const inode = async (): Promise<number> => (await stat(trustFile())).ino;

  test('is a short line in the same file, however many ids are kept, and several events share one', async () => {
    for (let event = 0; event < 5_000; event += 1) state.applied.add(`event-${event}`, NOW);
    await save({ ...state, position: 5_000 });
    const [file, before] = [await inode(), (await readFile(trustFile())).length];
    await save(applied(state, 'one'));
    await save(applied(applied(state, 'two'), 'three'));
    await save(oneFurther(state));
    expect(await inode()).toBe(file);
    expect((await readFile(trustFile())).length - before).toBeLessThan(300);
    expect(await modeOf(trustFile())).toBe(0o600);
    expect(stateText(await onDisk())).toBe(stateText(state));
    expect(state.position).toBe(5_004);
  });

  test('what is applied while a write is on its way stands in the next one', async () => {
    const first = applied(state, 'event-1');
    const written = store.save(first);
    const second = applied(first, 'event-2');
    await written;
    await save(second);
    expect(stateText(await onDisk())).toBe(stateText(second));
  });

  test('a position may step back by a line, too', async () => {
    await save({ ...state, position: 9 });
    await save({ ...state, position: 4 });
    expect((await onDisk()).position).toBe(4);
  });

  test.each<[string, (state: TrustState) => TrustState]>([
    ['the keys of its ring', (from) => ({ ...from, ring: { ...from.ring } })],
    ['the keys of the platform', (from) => ({ ...from, platform: { ...from.platform } })],
    ['the recovery key', (from) => ({ ...from, recoveryPublicKey: publicText(mesh.ring.active.privateKey) })],
    ["a channel's rings", (from) => ({ ...from, rings: [] })],
  ])('%s change by a new file, which has all that was added', async (_, changed) => {
    await save(applied(state, 'event-1'));
    const file = await inode();
    const next = changed(applied(state, 'event-2'));
    await save(next);
    expect(await inode()).not.toBe(file);
    expect(await readFile(trustFile())).toEqual(trustFileBytes(next));
  });

  test('is written anew when it has outgrown what was written whole, and no earlier', async () => {
    const files = new Set<number>();
    const sizes: number[] = [];
    for (let event = 0; event < 400; event += 1) {
      await save(applied(state, `event-${event}`.padEnd(500)));
      const { ino, size } = await stat(trustFile());
      files.add(ino * 1e6 + (size < (sizes.at(-1) ?? 0) ? event : 0));
      sizes.push(size);
    }
    const whole = stateText(state).length;
    expect(Math.max(...sizes)).toBeLessThan(2 * whole + 66_000);
    expect(files.size).toBeLessThan(6);
    expect(sizes.some((size, at) => size < (sizes[at - 1] ?? 0))).toBe(true);
    expect(stateText(await onDisk())).toBe(stateText(state));
  });

  describe('a disk that fails', () => {
    let handle: FileHandle;
    beforeEach(async () => {
      await save(applied(state, 'event-1'));
      handle = Object.getPrototypeOf(await opened()) as FileHandle;
    });
    afterEach(() => jest.restoreAllMocks());

    async function opened(): Promise<FileHandle> {
      const file = await open(trustFile());
      await file.close();
      return file;
    }
    const failure = (code: string): Error => Object.assign(new Error(code), { code });
    /** A part of it arrives, and then no more. */
    const stopsAfter = (bytes: number): void => {
      const whole = handle.appendFile;
      jest.spyOn(handle, 'appendFile').mockImplementationOnce(async function (this: FileHandle, text) {
        await whole.call(this, String(text).slice(0, bytes));
        throw failure('ENOSPC');
      });
    };

    test.each([0, 1, 20, 60])(
      '%d bytes into a line: nothing follows them, and the file is made anew',
      async (bytes) => {
        const [file, before] = [await inode(), stateText(state)];
        stopsAfter(bytes);
        const next = applied(state, 'event-2');
        await expect(store.save(next)).rejects.toMatchObject({ code: 'ENOSPC' });
        expect(stateText(await onDisk())).toBe(before);
        jest.spyOn(handle, 'sync').mockRejectedValueOnce(failure('ENOSPC'));
        await expect(store.save(next)).rejects.toMatchObject({ code: 'ENOSPC' });
        expect((await onDisk()).position).toBe(1);
        await save(next);
        expect(await inode()).not.toBe(file);
        expect(await readFile(trustFile())).toEqual(trustFileBytes(next));
        await save(applied(state, 'event-3'));
        expect(stateText(await onDisk())).toBe(stateText(state));
        expect(await readdir(storeFolder())).toEqual(['lock', 'trust.json']);
      },
    );

    test('a sync that failed is not tried again on the same file: nobody knows what of it is there', async () => {
      const file = await inode();
      jest.spyOn(handle, 'datasync').mockRejectedValueOnce(failure('EIO'));
      const next = applied(state, 'event-2');
      await expect(store.save(next)).rejects.toMatchObject({ code: 'EIO' });
      await save(next);
      expect(await inode()).not.toBe(file);
      expect(await readFile(trustFile())).toEqual(trustFileBytes(next));
    });
  });
});

describe('killed at each byte of each write', () => {
  /** Of a Node's life its file after each write, one for each kind of change. */
  async function life(): Promise<Buffer[]> {
    const ring = new PlayedRing('channel:chat:backend-to-plugin');
    const member = playedMember(mesh.nodeId, 'plugin');
    const channel = { slug: 'chat', side: 'plugin', sealingPrivateKey: member.sealing.privateKey, sink: false };
    enrolment = { ...enrolment, channel };
    const told = takeKeys([], JSON.stringify(ring.payload(member)), { nodeId: mesh.nodeId, ...channel }, NOW);
    const steps: ((state: TrustState) => TrustState)[] = [
      (state) => applied(state, 'event-1'),
      (state) => ({ ...applied(state, 'event-2'), rings: told.kind === 'taken' ? told.rings : [] }),
      (state) => applied(applied(state, 'event-3'), 'ereignis-ä'),
      (state) => ({ ...state, ring: { ...state.ring, epoch: state.ring.epoch + 1 } }),
      (state) => oneFurther(state),
      (state) => ({ ...state, rings: [] }),
      (state) => applied(state, 'event-6'),
    ];
    const store = await TrustStore.open(storeFolder(), enrolment);
    const files = [await readFile(trustFile())];
    let state = store.opened;
    for (const step of steps) {
      state = step(state);
      await store.save(state);
      files.push(await readFile(trustFile()));
      expect(stateText(parseTrustFile(files.at(-1)!)!)).toBe(stateText(state));
    }
    await store.close();
    return files;
  }

  test('what a restart finds is what was acknowledged, or the write that was on its way, and it goes on from there', async () => {
    const files = await life();
    const texts = files.map((bytes) => stateText(parseTrustFile(bytes)!));
    const isAppended = files.map((bytes, at) =>
      bytes.subarray(0, files[at - 1]?.length).equals(files[at - 1] ?? bytes),
    );
    expect(isAppended.slice(1)).toEqual([true, false, true, false, true, false, true]);
    for (const [at, bytes] of files.entries()) {
      const before = files[at - 1];
      if (before === undefined) continue;
      if (isAppended[at])
        for (let length = before.length; length <= bytes.length; length += 1) {
          const found = parseTrustFile(bytes.subarray(0, length));
          expect(found && stateText(found)).toBe(texts[length === bytes.length ? at : at - 1]);
        }
      // At a few of them by a restart that writes on: it costs some syncs each.
      for (let length = isAppended[at] ? before.length : 0; length < bytes.length; length += 131) {
        const [file, draft] = isAppended[at]
          ? [bytes.subarray(0, length), undefined]
          : [before, bytes.subarray(0, length)];
        await writeFile(trustFile(), file);
        if (draft !== undefined) await writeFile(join(storeFolder(), '.trust.json.draft'), draft);
        await goesOnFrom(texts[at - 1]!);
      }
    }
  });

  async function goesOnFrom(text: string): Promise<void> {
    const store = await TrustStore.open(storeFolder(), enrolment);
    expect(stateText(store.opened)).toBe(text);
    const next = applied(store.opened, 'event-after');
    await store.save(next);
    const last = applied(next, 'event-after-that');
    await store.save(last);
    await store.close();
    expect(stateText(await reopened())).toBe(stateText(last));
    expect(await readdir(storeFolder())).toEqual(['trust.json']);
  }
});
