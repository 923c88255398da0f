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
  over_http: { events_delivered: number };
  issuer: {
    jwks: { before: string[]; after: string[] };
    signed: { before: string; after: string };
    tokens: number;
  };
}

const program = join(repositoryRoot, 'demo', 'dist', 'main.js');

it('refuses a chapter that there is not, with the list, before anything runs', async () => {
  const refused = execute(process.execPath, [program, 'roll-back']);
  await expect(refused).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(
      'There is no chapter "roll-back": there are rotation, rollback, revoke, issuer, channel, fleet.',
    ),
  });
});

/** As many as show what fifty do, which test/long runs. */
const NODES = 6;

/** The demo as anybody runs it, short of the installation. */
it('tells all chapters, exits 0, and leaves nothing behind', async () => {
  const demo = execute(process.execPath, [program, '--json', '--nodes', String(NODES)]);
  const { stdout, stderr } = await demo;
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Result;
  expect(result).toMatchObject({
    ok: true,
    chapters: ['rotation', 'rollback', 'revoke', 'issuer', 'channel', 'fleet'],
    nodes: NODES,
    rotations: 2,
    signers: 2,
    relays: 2,
    gateways: 2,
    verification_failures: 0,
    events_lost: 0,
    events_applied_twice: 0,
    over_http: { nodes: 10, verification_failures: 0, events_lost: 0 },
    resume_wrote_events: 0,
    jwks: {
      before: ['domain-2026-04'],
      during: ['domain-2026-05', 'domain-2026-04'],
      after: ['domain-2026-05'],
    },
    rollback: {
      rolled_back_key: 'domain-2026-06',
      signs: 'domain-2026-05',
      jwks: ['domain-2026-05', 'domain-2026-06'],
      its_signature_verifies: true,
    },
    revoke: {
      revoked_key: 'domain-2026-05',
      signs: 'domain-2026-07',
      jwks: ['domain-2026-07'],
      its_signature_verifies: false,
      sleeper_trusts: ['domain-2026-07'],
    },
    issuer: {
      verification_failures: 0,
      old_token_verifies: true,
      close_refused: 'signing: signatures outstanding',
    },
    channel: { refused: 0, is_well: true, close_refused: 'signing: old key in use' },
    fleet: {
      hosts: 20,
      waves: 4,
      rotated: 19,
      failed: { 'host-20': 'offline' },
      rotated_afterwards: 1,
      keys_changed: 20,
      verification_failures: 0,
      events_lost: 0,
      events_applied_twice: 0,
    },
  });
  expect(result.events_delivered).toBeGreaterThanOrEqual(NODES * 20);
  expect(result.over_http.events_delivered).toBeGreaterThanOrEqual(10 * 20);
  const { jwks, signed, tokens } = result.issuer;
  expect([jwks.before, tokens >= 40]).toEqual([[signed.before, signed.after], true]);
  expect(jwks.after).toEqual([signed.after, expect.any(String), signed.before]);
  expect(stderr).toContain('Every promise held.');
  expect(readdirSync(localFolder).filter((name) => name.startsWith(`demo-${demo.child.pid}-`))).toEqual([]);
}, 300_000);
