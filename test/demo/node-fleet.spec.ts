import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guard, repositoryRoot } from '@plexsphere/stack';
import { TestRings, busCredentialText, eventually, freePort, temporaryFolder } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';

const folder = temporaryFolder();

it('stops in order before any relay has answered its Nodes', async () => {
  const rings = new TestRings();
  await rings.create(PLATFORM, 'platform-1');
  const enrolments = join(folder, 'enrolments');
  mkdirSync(enrolments);
  const names = ['edge-1', 'edge-2'];
  for (const name of names) {
    const enrolment = {
      node_id: randomUUID(),
      scope: PLATFORM,
      name,
      servers: [`127.0.0.1:${await freePort()}`],
      bus_credential: busCredentialText(),
      bundle: await rings.bundle(PLATFORM, new Date()),
    };
    writeFileSync(join(enrolments, `${name}.node.json`), JSON.stringify(enrolment), { mode: 0o600 });
  }

  const out = join(folder, 'out');
  const program = join(repositoryRoot, 'demo/dist/node-fleet.js');
  const fleet = spawn(process.execPath, [program, '--enrolments', enrolments, '--out', out], { stdio: 'pipe' });
  guard.addChild(fleet);
  let told = '';
  for (const stream of [fleet.stdout, fleet.stderr]) stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const ended = once(fleet, 'close');
  // What they trust from the start is the first that they write down.
  await eventually(() => names.every((name) => existsSync(join(out, name, 'journal.jsonl'))));
  fleet.kill('SIGTERM');
  expect([await ended, told]).toEqual([[0, null], '']);
  // Nobody holds them any more.
  expect(names.filter((name) => existsSync(join(out, name, 'trust', 'lock')))).toEqual([]);
});
