/**
 * A host that is killed, loses its power, or finds its disk full or read-only, at any instant of a key change, on real processes:
 * it has wholly the old key or wholly the new one, and works by it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PLATFORM } from '@plexsphere/wire';
import { endBus, startedBus, TestRings } from '@plexsphere/testkit';
import type { NatsServer } from '@plexsphere/stack';
import { PlayedPlatform, type PlayedKey } from '../testing/played-platform';
import { openEdgeAgent } from './edge-agent';
import { enrolByToken } from './enrol';
import { readHeld } from './folder/edge-folder';

jest.setTimeout(600_000);

let scratch: string;
let bus: NatsServer;
let platform: PlayedPlatform;
let enrolled: string;
let firstKeys: PlayedKey[];
let folder: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  bus = await startedBus();
  const rings = new TestRings();
  await rings.create(PLATFORM, 'platform-1');
  const bundle = await rings.bundle(PLATFORM, new Date());
  platform = await PlayedPlatform.start({ scope: PLATFORM, bundle, servers: [`${bus.host}:${bus.port}`] });
  platform.enrolmentTokens.add('token');
  enrolled = join(scratch, 'enrolled');
  const access = { folder: enrolled, gateways: [platform.url], allowPlaintext: false };
  await enrolByToken({ ...access, token: 'token', name: 'edge-1', replace: false });
  firstKeys = structuredClone(platform.keys);
});

afterAll(async () => {
  await platform.stop();
  await endBus(bus);
  await rm(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  folder = join(scratch, 'state');
  await rm(folder, { recursive: true, force: true });
  await cp(enrolled, folder, { recursive: true });
  platform.keys.splice(0, Infinity, ...structuredClone(firstKeys));
  platform.asked.splice(0);
  platform.moment = () => undefined;
  platform.aheadMs = 0;
});

const LOG = (): string => join(scratch, 'steps');

/** Answers what the command said; the empty text where it was killed. */
async function rotateInAProcess(env: Record<string, string> = {}): Promise<string> {
  await rm(LOG(), { force: true });
  const testing = join(__dirname, '../testing');
  child = spawn(process.execPath, ['--require', join(testing, 'kill-at.cjs'), join(testing, 'rotate-once.cjs')], {
    env: { ...process.env, EDGE_FOLDER: folder, EDGE_LOG: LOG(), EDGE_BUS_PORT: String(bus.port), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout!.on('data', (chunk) => (said += String(chunk)));
  await once(child, 'close');
  return said.trim();
}

const steps = async (): Promise<string[]> => (await readFile(LOG(), 'utf8')).trim().split('\n');

/** Whatever is left there is gone on with, and the Node proves by its key that it works. */
async function comesBack(): Promise<void> {
  const agent = await openEdgeAgent({ folder });
  try {
    await agent.refreshToken().catch(async (error: unknown) => {
      // What was asked for before it was too late, and never done, is refused by now: once.
      if (String(error) !== 'EdgeError: refused: signing: proof stale') throw error;
      await agent.refreshToken();
    });
  } finally {
    await agent.stop();
  }
  await isWhole();
  const held = await readHeld(folder);
  expect(held?.pending).toBeUndefined();
  expect(held?.creds.token).toBe(platform.active.token);
}

/** The key that the platform knows as the Node's is here; so is each one before it. */
async function isWhole(): Promise<void> {
  const held = await readHeld(folder);
  const { generation, key } = held!.creds;
  expect([generation, key.keyId]).toEqual([platform.active.generation, platform.active.publicKey]);
  const archived = held!.archive.map((each) => each.generation);
  expect(archived).toEqual(platform.keys.slice(0, -1).map((each) => each.generation));
  expect((await readdir(folder)).filter((name) => name.endsWith('.draft'))).toEqual([]);
}

/** As if the host had been off for days: what was retiring is over, and so is every proof and token of before. */
function daysPass(): void {
  platform.aheadMs = 3 * 86_400_000;
  for (const key of platform.keys) if (key.state === 'retiring') key.state = 'retired';
}

test('killed before any step, by itself or with the power: it comes back, at once and days later', async () => {
  expect(await rotateInAProcess()).toBe('done');
  const all = await steps();
  const sent = all.indexOf('connect gateway');
  const answered = all.slice(sent);
  // The instants that have names; the others are the platform's, below.
  expect(all[0]).toBe('open .node.creds.reserved'); // nothing is written yet
  expect(all.slice(0, sent)).toContain('sync .pending.json.draft'); // written, not synced
  expect(all[sent - 1]).toBe('sync .'); // synced, not sent
  expect(answered).toContain('open archive/TIME.key.reserved'); // the reply is in hand
  expect(answered).toContain('sync archive/TIME.key.reserved'); // the archive is written, not synced
  expect(answered).toContain('rename node.creds'); // archived, not renamed
  expect(answered).toContain('connect bus'); // renamed, not moved
  for (const [at, step] of all.entries())
    for (const isTorn of [false, true]) {
      // Without a power cut these are no other instants.
      if (!isTorn && /^(write|truncate) /.test(step)) continue;
      platform.keys.splice(0, Infinity, ...structuredClone(firstKeys));
      platform.aheadMs = 0;
      await rm(folder, { recursive: true, force: true });
      await cp(enrolled, folder, { recursive: true });
      expect(await rotateInAProcess({ EDGE_KILL_AT: String(at), ...(isTorn && { EDGE_TORN: 'yes' }) })).not.toBe(
        'done',
      );
      if (isTorn) daysPass();
      await comesBack();
    }
});

test.each([
  ['sent, not committed', 'POST key', 'asked'],
  ['committed, and its reply lost', 'POST key', 'done'],
  ['moved, and the confirmation lost', 'POST key/confirm', 'done'],
  ['moved, and the confirmation not sent', 'POST key/confirm', 'asked'],
] as const)('killed when it is %s', async (_, verb, when) => {
  for (const isLater of [false, true]) {
    platform.keys.splice(0, Infinity, ...structuredClone(firstKeys));
    platform.aheadMs = 0;
    await rm(folder, { recursive: true, force: true });
    await cp(enrolled, folder, { recursive: true });
    platform.moment = (asked, at) => {
      if (asked !== verb || at !== when) return undefined;
      platform.moment = () => undefined;
      child?.kill('SIGKILL');
      return 'hang up';
    };
    expect(await rotateInAProcess()).toBe('');
    if (isLater) daysPass();
    await comesBack();
  }
});

test.each(['ENOSPC', 'EROFS'])('%s from any step on: nothing is asked for, or all of it is done', async (failure) => {
  expect(await rotateInAProcess()).toBe('done');
  const all = await steps();
  const sent = all.indexOf('connect gateway');
  for (const [at, step] of all.entries()) {
    if (!/^(open|write|rename|rm) /.test(step)) continue;
    platform.keys.splice(0, Infinity, ...structuredClone(firstKeys));
    await rm(folder, { recursive: true, force: true });
    await cp(enrolled, folder, { recursive: true });
    const said = await rotateInAProcess({ EDGE_FAIL_FROM: String(at), EDGE_FAILURE: failure });
    if (platform.keys.length === 1) {
      expect(at).toBeLessThan(sent);
      expect(said).toBe(failure === 'ENOSPC' ? 'disk_full' : 'read_only');
    } else if (failure === 'ENOSPC') {
      // What is to be written after the answer had its room before the request.
      expect(said).toBe('done');
      await isWhole();
    }
    await comesBack();
  }
});

/** Root may write everywhere, unless it gives that up. */
const AS_ANY_USER = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override'] : [];

test('a folder that may not be written any more: nothing is asked for, and the next change comes when it may', async () => {
  const [command = '', ...args] = [...AS_ANY_USER, process.execPath, join(__dirname, '../testing/rotate-once.cjs')];
  child = spawn(command, args, {
    env: { ...process.env, EDGE_FOLDER: folder, EDGE_ASKED_BY_LINES: 'yes' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin } = child;
  const said = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const asked = async (): Promise<unknown> => {
    stdin!.write('rotate\n');
    return (await said.next()).value;
  };
  expect((await said.next()).value).toBe('open');
  await chmod(folder, 0o500);
  await chmod(join(folder, 'archive'), 0o500).catch(() => undefined);
  expect(await asked()).toBe('read_only');
  expect(platform.keys).toHaveLength(1);
  await isWhole();
  await chmod(folder, 0o700);
  await chmod(join(folder, 'archive'), 0o700).catch(() => undefined);
  expect(await asked()).toBe('done');
  stdin!.end();
  await once(child, 'close');
  await isWhole();
  await comesBack();
});
