import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@plexsphere/stack';

const execute = promisify(execFile);
const program = join(repositoryRoot, 'demo', 'dist', 'main.js');

const CHAPTERS = ['rotation', 'rollback', 'revoke', 'issuer', 'channel', 'fleet'];

// `npm run demo -- NAME`: each chapter stands alone; the whole is told by demo.spec.ts.
it.each(CHAPTERS)(
  'the demo tells the chapter %s alone',
  async (chapter) => {
    const { stdout } = await execute(process.execPath, [program, chapter, '--json', '--nodes', '3']);
    const told = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(told).toMatchObject({ ok: true, chapters: [chapter], nodes: 3, events_lost: 0 });
    const seen = (name: string) => told[name === 'rotation' ? 'jwks' : name];
    expect(CHAPTERS.filter((name) => seen(name) !== null)).toEqual([chapter]);
  },
  180_000,
);

test('the demo tells all of them to as many Nodes as it has by itself', async () => {
  const { stdout } = await execute(process.execPath, [program, '--json']);
  const told = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(told).toMatchObject({
    ok: true,
    nodes: 50,
    verification_failures: 0,
    events_lost: 0,
    events_applied_twice: 0,
  });
}, 360_000);
