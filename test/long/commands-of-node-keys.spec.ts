import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { follow } from '../docs/follow';
import { Ground } from '../src/world';

/** The page of Node keys: its commands as they stand there, and their answers, one after the other, as a reader would. */

const TITLES = ['Enrol a host', 'Change the key', 'A fleet', 'Put a host out', 'Take a Node over'];

let ground: Ground;

beforeAll(
  async () => void (ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1, gateways: 1 })),
  240_000,
);
afterAll(async () => ground?.remove(), 240_000);

it('docs/node-keys.md', async () => {
  const page = await readFile(join(repositoryRoot, 'docs/node-keys.md'), 'utf8');
  const folder = await mkdtemp(join(ground.dir, 'reader-'));
  for (const title of TITLES) {
    await follow(page, { title }, folder, ground.stack.env);
  }
}, 180_000);
