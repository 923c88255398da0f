import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { follow } from '../docs/follow';
import { Ground } from '../src/world';

/** The page of how Nodes are enrolled: its commands as they stand there, and their answers, one after the other, as a reader would. */

const TITLES = ['One Node', 'Many Nodes', 'A line that is wrong', 'Run a second time', 'A name that another Node has'];

let ground: Ground;

beforeAll(async () => void (ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1 })), 240_000);
afterAll(async () => ground?.remove(), 240_000);

it('docs/nodes.md', async () => {
  const page = await readFile(join(repositoryRoot, 'docs/nodes.md'), 'utf8');
  const folder = await mkdtemp(join(ground.dir, 'reader-'));
  for (const title of TITLES) await follow(page, { title }, folder, ground.stack.env);
}, 180_000);
