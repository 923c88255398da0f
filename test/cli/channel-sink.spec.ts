// The real process, killed between its write and its reading back, against a strict fake of AWS Secrets Manager. What the
// platform would tell it stands in its folder already: there it finds at each start what it was told last.
import { createHash, randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '@plexsphere/stack';
import { FakeSecretsManager, TestRings, busCredentialText, type StoredSecret } from '@plexsphere/testkit';
import { PLATFORM, makeSealingPair } from '@plexsphere/wire';
import { readTrustFile, writeTrustFile } from '../src/trust-file';

const PROGRAM = resolve(__dirname, '../../apps/channel-sink/bin/channel-sink.js');
const folder = mkdtempSync(join(tmpdir(), 'channel-sink-'));
const fake = new FakeSecretsManager();
const sealing = makeSealingPair();
let environment: Record<string, string>;
let store: string;
let enrolment: string;
let secret: StoredSecret;
let sink: ChildProcess | undefined;
let said = '';

const secretOf = (keyId: string): Buffer => createHash('sha256').update(`planted ${keyId}`).digest();
const map = (...keyIds: string[]): string =>
  JSON.stringify(Object.fromEntries(keyIds.map((keyId) => [keyId, secretOf(keyId).toString('hex')])));

beforeAll(async () => {
  environment = fake.environment(await fake.start());
});
afterAll(async () => {
  await fake.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  const rings = new TestRings();
  const now = new Date();
  await rings.create(PLATFORM, 'platform-1', now);
  store = join(folder, randomUUID());
  enrolment = `${store}.node.json`;
  const channel = { slug: 'chat', side: 'backend', sealing_private_key: sealing.privateKey, sink: true };
  const enrolled = {
    ...{ node_id: randomUUID(), scope: PLATFORM, name: 'sink-1', bundle: await rings.bundle(PLATFORM, now), channel },
    // Nobody listens there: a sink brings its targets in order without the bus.
    ...{ servers: ['127.0.0.1:1'], bus_credential: busCredentialText() },
  };
  writeFileSync(enrolment, JSON.stringify(enrolled), { mode: 0o600 });
  secret = fake.make(`chat-${randomUUID()}`);
  fake.reset();
  said = '';
});
afterEach(async () => {
  if (sink !== undefined) await ended('SIGKILL');
});

function start(...blocks: string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, '--enrolment', enrolment, '--store', store, ...blocks], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += String(bytes)));
  sink = child;
  return child;
}

async function ended(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  const child = sink;
  sink = undefined;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
}

const saying = (text: string, times = 1): Promise<unknown> =>
  eventually(() => said.split(`"${text}"`).length > times, { describe: `${text} in ${said}` });

/** What this member was told last: its own key first, as newest. */
function told(epoch: number, keyIds: string[], active: string): void {
  const path = join(store, 'trust.json');
  const keys = keyIds.map((keyId) => ({
    ...{ key_id: keyId, use: 'verify', active: keyId === active, beside_seconds: null, verifies_until: null },
    secret: secretOf(keyId).toString('base64'),
  }));
  const ring = { scope: 'channel:chat:plugin-to-backend', epoch, signs_since: null, keys };
  writeTrustFile(path, { ...readTrustFile(path), channel_rings: [ring] });
}

/** A folder with what a Node has that was enrolled and told nothing. */
async function firstStart(blocks: string[]): Promise<void> {
  start(...blocks);
  await saying('listening');
  expect(await ended('SIGTERM')).toBe(0);
}

const blocks = (): string[] => ['--ring', 'plugin-to-backend', '--to', `aws:${secret.arn}`, '--format', 'map'];
const puts = (): unknown[] => fake.asked.flatMap(({ action, token }) => (action === 'PutSecretValue' ? [token] : []));

test.each(['PutSecretValue', 'UpdateSecretVersionStage'] as const)(
  'killed behind %s, before it reads back, it goes on at its next start, under the same token',
  async (action) => {
    await firstStart(blocks());
    told(1, ['k1'], 'k1');
    start(...blocks());
    await saying('target is as told');
    expect(secret.holder('AWSCURRENT')?.text).toBe(map('k1'));
    expect(await ended('SIGTERM')).toBe(0);

    told(2, ['k2', 'k1'], 'k1');
    const done = fake.silentAfter(action);
    start(...blocks());
    await done;
    await ended('SIGKILL');
    expect(secret.holder('AWSCURRENT')?.text).toBe(action === 'PutSecretValue' ? map('k1') : map('k2', 'k1'));
    expect(said.split('target is as told')).toHaveLength(2);

    start(...blocks());
    await saying('target is as told', 2);
    expect(await ended('SIGTERM')).toBe(0);
    expect(secret.holder('AWSCURRENT')?.text).toBe(map('k2', 'k1'));
    // A version a text, whatever was tried how often.
    expect(secret.size).toBe(2);
    expect(new Set(puts()).size).toBe(2);
    for (const keyId of ['k1', 'k2'])
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(said).not.toContain(secretOf(keyId).toString(encoding));
  },
);

test('somebody else’s change is refused by name, at the next look too, and the process is not ready', async () => {
  mkdirSync(join(folder, 'party'), { recursive: true, mode: 0o700 });
  const path = join(folder, 'party', 'keys.json');
  const toFile = ['--ring', 'plugin-to-backend', '--to', `file:${path}`, '--format', 'map'];
  await firstStart(toFile);
  told(1, ['k1'], 'k1');
  start('--look-every', '1s', ...toFile);
  await saying('target is as told');
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([map('k1'), 0o600]);
  writeFileSync(path, '{"mine":"theirs"}');
  await saying('target is not as it was written');
  expect(said).toContain(`somebody else changed the target (ring plugin-to-backend, target file:${path})`);
  const [, health = ''] = /"health":"([^"]+)"/.exec(said.slice(said.lastIndexOf('"health"'))) ?? [];
  const answer = await fetch(`http://${health}/readyz`);
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('somebody else changed')]);
  expect(readFileSync(path, 'utf8')).toBe('{"mine":"theirs"}');
  expect(await ended('SIGTERM')).toBe(0);
});

test('what it cannot begin with ends it with 2 and a sentence', async () => {
  const [code] = (await once(start('--ring', 'plugin-to-backend'), 'exit')) as [number];
  expect([code, said]).toEqual([2, '--to is missing.\n--format is missing.\n']);
  said = '';
  const other = ['--ring', 'a-to-b', '--to', 'file:/t', '--format', 'map'];
  const [second] = (await once(start(...other), 'exit')) as [number];
  expect([second, said]).toEqual([2, '--ring a-to-b is not of this member, whose side is backend.\n']);
});
