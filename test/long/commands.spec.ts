import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { Ground } from '../src/world';
import { blocks, documents } from '../docs/documents';
import { runShell } from '../docs/run-shell';

/**
 * The shell blocks of the documents, run by a real shell in a folder of their own: one after the other, as a reader would.
 * `npm start` finds the stack up already, and `. .plexsphere/env` reads the file that it would have written. Other npm
 * scripts are not run from here (the demo and the tests have their own), they only have to exist. docs/cli.md is made
 * from the commands, and each of its examples stands alone; docs/runbook.md has a test of its own (runbook.spec.ts).
 * docs/channels.md and docs/runbook-shared-secret.md need a channel's members, who run:
 * commands-of-channels.spec.ts follows them; docs/node-keys.md and docs/nodes.md have answers to compare: commands-of-node-keys.spec.ts,
 * commands-of-nodes.spec.ts.
 */

const FOLLOWED_ELSEWHERE = ['cli', 'runbook', 'runbook-shared-secret', 'channels', 'node-keys', 'nodes'].map(
  (name) => `docs/${name}.md`,
);

const withShell = documents()
  .map(({ path, text }): [string, string[]] => [path, blocks(text, 'sh')])
  .filter(([path, scripts]) => !FOLLOWED_ELSEWHERE.includes(path) && scripts.length > 0);

let ground: Ground;

// A reader waits for a staged key as long as verifiers keep keys; here they ask each second.
const env = { rotation: { PLEXSPHERE_VERIFIER_CACHE: '1s' } };

beforeAll(
  async () => void (ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1, gateways: 1, env })),
  240_000,
);
afterAll(async () => ground?.remove(), 240_000);

it('README.md has the commands of a whole rotation', () => {
  const script = (withShell.find(([path]) => path === 'README.md')?.[1] ?? []).join('\n');
  for (const command of ['domain create', 'node add', 'signing rotate', 'signing close'])
    expect(script).toContain(`plexctl ${command}`);
});

it.each(withShell)(
  '%s: its commands succeed, one after the other',
  async (_path, scripts) => {
    const reader = await mkdtemp(join(ground.dir, 'reader-'));
    await mkdir(join(reader, '.plexsphere'));
    const exports = Object.entries(ground.stack.env).map(([name, value]) => `export ${name}='${value}'\n`);
    await writeFile(join(reader, '.plexsphere', 'env'), exports.join(''), { mode: 0o600 });
    await writeFile(join(reader, 'npm-calls'), '');
    expect(await runShell(scripts.join('\n'), reader)).toMatchObject({ exitCode: 0, complaints: '' });
    expect(await unknownScripts(await readFile(join(reader, 'npm-calls'), 'utf8'))).toEqual([]);
  },
  120_000,
);

/** npm's own short forms, and `npm run <script>`. */
async function unknownScripts(calls: string): Promise<string[]> {
  const text = await readFile(join(repositoryRoot, 'package.json'), 'utf8');
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> };
  const names = calls
    .split('\n')
    .filter((call) => call !== '')
    .map((call) => call.replace(/^run /, '').split(' ')[0] ?? '');
  return names.filter((name) => !Object.hasOwn(scripts, name));
}
