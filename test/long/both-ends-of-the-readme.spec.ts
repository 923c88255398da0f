import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, repositoryRoot } from '@plexsphere/stack';
import { freePort } from '@plexsphere/testkit';
import type { RotateReply } from '@plexsphere/wire/commands';
import { blocks } from '../docs/documents';
import { follow } from '../docs/follow';
import { compileStrictly } from '../src/compile-strictly';
import { linkPackages, whileItServes } from '../src/readme-programs';
import { Ground, World } from '../src/world';

/** README's programs, as they stand there: those of a channel's two ends talk over a rotation, as members of one. */

const PROGRAMS = ['node', 'receiver', 'sender'];

let ground: Ground;
let world: World;
/** A user's, outside of the clone, below which its packages would be found, too. */
let folder: string;

beforeAll(async () => {
  ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1, gateways: 1 });
  world = await World.on(ground);
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-project-'));
}, 240_000);
afterAll(async () => {
  await world?.end();
  await ground?.remove();
  await rm(folder, { recursive: true, force: true });
}, 240_000);

const textOf = (path: string): Promise<string> => readFile(join(repositoryRoot, path), 'utf8');

it('compile, for the strictest', async () => {
  const shown = blocks(await textOf('README.md'), 'ts');
  expect(shown).toHaveLength(PROGRAMS.length);
  await linkPackages(folder, ['@plexsphere/channel', '@plexsphere/node-sdk', '@types']);
  const port = (text: string): string =>
    text
      .replace("'http://localhost:8080/orders'", '`http://127.0.0.1:${process.env.PORT}/orders`')
      .replace('8080', 'Number(process.env.PORT)');
  for (const [index, program] of PROGRAMS.entries())
    await writeFile(join(folder, `${program}.mts`), port(shown[index] ?? ''));
  const names = PROGRAMS.map((program) => `${program}.mts`);
  await compileStrictly(folder, names, { types: ['node'] });
});

it('are the two ends of a channel, over a rotation', async () => {
  await follow(await textOf('docs/channels.md'), { title: 'Make one', numbers: [0] }, folder, ground.stack.env);
  const env = { PORT: `${await freePort()}` };
  const unsigned = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${env.PORT}/orders`, { method: 'POST' })).status;

  await whileItServes(
    { folder, program: 'receiver.mjs', env },
    {
      // It listens when it holds its secrets: else it would be a 503.
      asks: async () => (await unsigned()) === 401,
      used: () =>
        whileItServes(
          { folder, program: 'sender.mjs', env },
          { asks: async (told) => told().includes('\n'), used: takenOverARotation },
        ),
    },
  );
});

/** By the one key and then by the other, call after call, and not one refused. */
async function takenOverARotation(told: () => string): Promise<void> {
  const { old_key_id: first, new_key_id: next } = await world.json<RotateReply>([
    ...['signing', 'rotate', '--scope', 'channel:chat:app-to-plugin'],
  ]);
  await eventually(() => told().includes(` by ${next}: `), { describe: 'calls by the new key' });
  const lines = told().split('\n').slice(0, -1);
  const switchedAt = lines.findIndex((line) => line.includes(next));
  const expected = lines.map((_, n) => `200 POST /orders by ${n < switchedAt ? first : next}: {"order":${n + 1}}`);
  expect(lines).toEqual(expected);
  expect(switchedAt).toBeGreaterThan(0);
}
