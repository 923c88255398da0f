import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually, repositoryRoot } from '@plexsphere/stack';
import { StrictNode } from '@plexsphere/testkit';
import { Ground, World } from '../src/world';
import { blocks } from './documents';
import { runShell } from './run-shell';

/** docs/runbook.md: each procedure in the situation that it is for, its commands as they stand there, and their answers. */

let ground: Ground;
let world: World;
let page: string;

beforeAll(async () => {
  page = await readFile(join(repositoryRoot, 'docs', 'runbook.md'), 'utf8');
  ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1, gateways: 1 });
}, 240_000);
afterAll(async () => ground?.remove(), 240_000);

beforeEach(async () => {
  world = await World.on(ground);
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  for (const name of ['edge-1', 'edge-2', 'edge-3']) await (await world.addNode(world.domain, name)).start();
}, 120_000);
afterEach(async () => world?.end());

it('Scheduled rotation', async () => {
  await follow('Scheduled rotation', [0]);
});

it('A stolen key: of a Domain while one Node is off, and of the platform', async () => {
  await world.nodes[0]?.stop();
  await follow('A stolen key', [0]);
  const [active] = await world.kids(world.domain);
  expect(active).not.toBe('k1');
  await world.nodes[0]?.start();
  await eventually(() => world.nodes.every(({ trusts }) => String(trusts) === active), { describe: 'all Nodes on it' });

  await follow('A stolen key', [1]);
  const [platform] = await world.kids('platform');
  expect(platform).not.toBe('platform-1');
  await eventually(() => world.nodes.every(({ trustsPlatform }) => String(trustsPlatform) === platform));

  const used = async () => (await world.plexctl(['signing', 'status', '--scope', 'platform'])).stdout;
  expect(await used()).toContain('next: the recovery key was used');
  await follow('A stolen key', [2]);
  expect(await used()).not.toContain('recovery key was used');
});

it('A bad new key', async () => {
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await follow('A bad new key', [0]);
  await eventually(() => world.nodes.every(({ trusts }) => String(trusts) === 'k1,k2'), { describe: 'all Nodes back' });
});

it('A fan-out that is stuck', async () => {
  const [first, second, third] = world.nodes;
  await Promise.all([first?.stop(), second?.stop()]);
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await eventually(() => third?.trusts[0] === 'k2', { describe: 'the one that is there' });
  await follow('A fan-out that is stuck', [0, 1]);
  await first?.start();
  const status = ['signing', 'status', '--scope', world.domain];
  await eventually(async () => (await world.plexctl(status)).stdout.includes('0 lagging'), { describe: 'it to apply' });
  await follow('A fan-out that is stuck', [2]);
  expect(await world.kids(world.domain)).toEqual(['k2']);
});

it('A Node over HTTP that waits, and ends by itself once it runs', async () => {
  const url = world.stack.gatewayUrl() ?? '';
  const { token } = await world.json<{ token: string }>(['node', 'enroll-token', '--scope', world.domain]);
  const identity = await StrictNode.register(url, token, 'edge-http');
  const first = new StrictNode([url], identity).start();
  const status = async () => (await world.plexctl(['signing', 'status', '--scope', world.domain])).stdout;
  await eventually(async () => (await status()).includes('4 applied'), { describe: 'the Node over HTTP as well' });
  await first.stop();
  // No key that it holds is there any more.
  await world.json(['signing', 'revoke', '--scope', world.domain, '--key-id', 'k1', '--reason', 'stolen', '--yes']);
  await eventually(async () => (await status()).includes('waiting'), { describe: 'it to wait' });
  await follow('A Node over HTTP that waits', [0]);

  const again = new StrictNode([url], identity).start();
  await eventually(async () => !(await status()).includes('waiting'), { describe: 'no wait' });
  await again.stop();
  expect([...first.refusals, ...again.refusals, first.ended, again.ended]).toEqual([undefined, undefined]);
});

it('A Node that is to join over HTTP', async () => {
  await follow('A Node that is to join over HTTP', [0]);
});

/** Runs the section's shell blocks of these numbers; each line of the answer beside it has to be told, in that order. */
async function follow(title: string, numbers: number[]): Promise<void> {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const [scripts, answers] = [blocks(section, 'sh'), blocks(section, 'text')];
  expect(answers).toHaveLength(scripts.length);
  const folder = await mkdtemp(join(ground.dir, 'reader-'));
  for (const name of ['recovery-key.json', 'recovery-key.passphrase'])
    await copyFile(join(dirname(ground.stack.tokenFile), name), join(folder, name));
  for (const number of numbers) {
    const told = await runShell(scripts[number] ?? '', folder, { ...ground.stack.env, SCOPE: world.domain });
    expect(told).toMatchObject({ exitCode: 0, complaints: '' });
    expect(told.stdout).toMatch(pattern(answers[number] ?? ''));
  }
}

const pattern = (answer: string): RegExp => {
  const lines = answer.trimEnd().split('\n');
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(lines.map((line) => line.split('…').map(literal).join('.*')).join('[^]*'));
};
