import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@plexsphere/testkit';
import { blocks } from '../docs/documents';
import { compileStrictly } from '../src/compile-strictly';
import { installAlone } from '../src/install-alone';
import { linkPackages, whileItServes } from '../src/readme-programs';

/** What a user gets who installs the one file: everything that its README shows, run as it stands. No stack is needed. */

/** Outside of the clone, below which its packages would be found, too. */
let folder: string;
let readme: string;

const [k1, k2] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'plexsphere-project-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, value: object | string): Promise<void> =>
  writeFile(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));

it('is installed with the library for calls alone', async () => {
  const dependencies = ['http-message-signatures', 'structured-headers'];
  const { files, installed } = await installAlone('libs/channel', dependencies, folder);
  const isExpected = /^(package\.json|README\.md|dist\/LICENSE|dist\/.+(\.js|\.d\.ts))$/;
  expect(files.filter((path) => !isExpected.test(path) || /spec|testing/.test(path))).toEqual([]);
  expect(installed).toEqual(['@plexsphere', ...dependencies]);
  readme = await readFile(join(folder, 'node_modules/@plexsphere/channel/README.md'), 'utf8');
});

/** What it says of itself to a compiler that knows of nothing else, not even of Node.js. */
const ALONE = `import { ChannelReceiver, ChannelSender, MessageRefused, memberKeys, SeenMemory } from '@plexsphere/channel';
import type { ChannelKeys, RefusalReason } from '@plexsphere/channel';
import { callMiddleware } from '@plexsphere/channel/express';
import { webhookListener } from '@plexsphere/channel/node';
const scope = 'channel:chat:app-to-plugin';
const key = { keyId: 'k1', secret: new Uint8Array(32), use: 'verify', verifiesUntil: null } as const;
const keys: ChannelKeys = memberKeys({ keysFor: () => [key], onChange: () => undefined });
// @ts-expect-error it needs keys
new ChannelReceiver({ scope });
// @ts-expect-error no such reason
export const reason: RefusalReason = 'no_such_reason';
const receiver = new ChannelReceiver({ scope, keys, nonces: new SeenMemory(10) });
export const middleware = callMiddleware(receiver);
export const listener = webhookListener(receiver, (_, response, { id }) => response.end(id));
export const sent = new ChannelSender({ scope, keys }).call('https://plugin.example', { method: 'PUT', body: '' });
export const isStale = (error: unknown): boolean => error instanceof MessageRefused && error.reason === 'stale';
`;

const KINDS = ['mts', 'cts'];
/** The README's programs, in its order. */
const PROGRAMS = ['receiver', 'sender', 'express', 'fastify', 'nest', 'member', 'function'];

it('needs nobody’s types, as both kinds of module', async () => {
  for (const kind of KINDS) await write(`alone.${kind}`, ALONE);
  await compileStrictly(folder, ['alone.mts', 'alone.cts'], { noEmit: true });
});

it('is what its README shows, as both kinds of module', async () => {
  const shown = blocks(readme, 'ts');
  expect(shown).toHaveLength(PROGRAMS.length);
  // A user of these has them.
  await linkPackages(folder, [
    'express',
    'fastify',
    '@nestjs',
    'reflect-metadata',
    'rxjs',
    '@types',
    '@plexsphere/node-sdk',
  ]);
  const port = 'Number(process.env.PORT)';
  for (const [index, program] of PROGRAMS.entries()) {
    const text = (shown[index] ?? '').replace(
      /'http:\/\/localhost:8080(.*?)'/g,
      '`http://127.0.0.1:${process.env.PORT}$1`',
    );
    for (const kind of KINDS) await write(`${program}.${kind}`, text.replaceAll('8080', port));
  }
  // Others' declarations are theirs to check.
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };
  const names = KINDS.flatMap((kind) => PROGRAMS.map((program) => `${program}.${kind}`));
  await compileStrictly(folder, names, { ...decorators, skipLibCheck: true, types: ['node'] });
});

/** By which key the sender's call was verified, and what became of its webhooks. */
async function send(port: number, program: string): Promise<string[]> {
  const env = { PATH: process.env['PATH'], PORT: `${port}` };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { cwd: folder, env });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

it.each([
  ['receiver.mjs', 'sender.cjs', 'POST /orders?of=today by'],
  ['receiver.cjs', 'sender.mjs', 'POST /orders?of=today by'],
  ['express.mjs', 'sender.mjs', 'by'],
  ['fastify.mjs', 'sender.mjs', 'by'],
  ['nest.mjs', 'sender.mjs', 'by'],
])('%s takes what %s sends, over a rotation, and from nobody else', async (program, sender, by) => {
  await write('plugin.keys.json', { k1 });
  await write('app.key.json', { key_id: 'k1', secret: k1 });
  const port = await freePort();
  const unsigned = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST' })).status;
  const used = async (): Promise<void> => {
    expect(await unsigned()).toBe(401);
    const webhooks = (first: string) => [`200 order-1-paid ${first}`, '200 order-1-paid has come before'];
    const called = (kid: string) => `200 ${by} ${kid}: {"order":1}`;
    expect(await send(port, sender)).toEqual([called('k1'), ...webhooks('is done')]);
    // First who verifies, then who signs, as a channel is rotated: a key that the one end reads within a second.
    await write('plugin.keys.json', { k2, k1 });
    await write('app.key.json', { key_id: 'k2', secret: k2 });
    expect(await send(port, sender)).toEqual([called('k2'), ...webhooks('has come before')]);
  };
  await whileItServes({ folder, program, env: { PORT: `${port}` } }, { asks: unsigned, used });
});

const CALLED = `import { Webhook } from 'standardwebhooks';
globalThis.readSecret = async () => JSON.stringify({ k1: process.env.SECRET });
const { handler } = await import('./function.mjs');
const [id, at] = ['order-1-paid', new Date()];
const signature = new Webhook(Buffer.from(process.env.SECRET, 'hex'), { format: 'raw' }).sign(id, at, '{}');
const headers = { 'Webhook-Id': id, 'Webhook-Timestamp': String(Math.floor(at / 1000)), 'Webhook-Signature': signature };
for (const event of [{ headers, body: '{}' }, { headers, body: '{"order":1}' }]) {
  const { statusCode, body } = await handler(event);
  console.log(statusCode, statusCode === 200 ? body : JSON.parse(body).reason);
}
`;

it('a function that runs now and then reads its keys when it is called', async () => {
  await linkPackages(folder, ['standardwebhooks']);
  await write('called.mjs', CALLED);
  const env = { PATH: process.env['PATH'], SECRET: k1 };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['called.mjs'], { cwd: folder, env });
  expect(stdout.split('\n')).toEqual([
    "{ scope: 'channel:chat:app-to-plugin', kids: [ 'k1' ] } channel keys loaded",
    '200 order-1-paid is done',
    '401 signature_invalid',
    '',
  ]);
  expect(stderr).toBe('');
});
