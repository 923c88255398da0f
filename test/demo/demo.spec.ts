import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localFolder, repositoryRoot } from '@plexsphere/stack';

const execute = promisify(execFile);

interface Result {
  ok: boolean;
  nodes: number;
  events_delivered: number;
  jwks: { before: string[]; during: string[]; after: string[] };
}

/** The demo as anybody runs it, short of the installation. */
it('tells the main job, exits 0, and leaves nothing behind', async () => {
  const program = join(repositoryRoot, 'demo', 'dist', 'main.js');
  const demo = execute(process.execPath, [program, '--json']);
  const { stdout, stderr } = await demo;
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Result;
  expect(result).toMatchObject({
    ok: true,
    nodes: 50,
    rotations: 2,
    signers: 2,
    relays: 2,
    verification_failures: 0,
    events_lost: 0,
    events_applied_twice: 0,
    resume_wrote_events: 0,
    jwks: {
      before: ['domain-2026-04'],
      during: ['domain-2026-05', 'domain-2026-04'],
      after: ['domain-2026-05'],
    },
  });
  expect(result.events_delivered).toBeGreaterThanOrEqual(50 * 8);
  expect(stderr).toContain('Every promise held.');
  expect(readdirSync(localFolder).filter((name) => name.startsWith(`demo-${demo.child.pid}-`))).toEqual([]);
}, 180_000);
