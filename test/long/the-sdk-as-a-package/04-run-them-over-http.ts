import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { blocks } from '../../docs/documents';
import type { Step } from '../../src/tell-story';
import { project } from './project';
import { publish, runUntil } from './ten-lines';

const KEY = 'cVd1pW5qVh2rBr2v0YAmnM2ZrYdLXcPlxRjRkJ7Xw0I=';

/** The Node registers as the README says, and the same ten lines run it. */
export const step: Step = async (world) => {
  const folder = await project(world);
  const home = join(folder, 'over-http');
  await mkdir(home);
  const readme = await readFile(join(folder, 'node_modules/@plexsphere/node-sdk/README.md'), 'utf8');
  const [, registration = ''] = blocks(readme, 'ts');
  const gateways = JSON.stringify(world.gatewayUrls);
  await writeFile(join(home, 'register.mjs'), registration.replace("['https://gateway.example']", gateways));
  const { token } = await world.json<{ token: string }>(['node', 'enroll-token', '--scope', world.domain]);
  const env = { PATH: process.env['PATH'], ENROL_TOKEN: token, WIREGUARD_PUBLIC_KEY: KEY };
  await promisify(execFile)(process.execPath, ['register.mjs'], { cwd: home, env });
  for (const program of ['node.mjs', 'node.cjs']) await copyFile(join(folder, program), join(home, program));

  await publish(world, 3);
  expect(await runUntil(world, home, 'node.mjs', '1 route_updated {"n":3}')).toEqual(['1 route_updated {"n":3}']);
  await world.json(['signing', 'close', '--scope', world.domain, '--old', 'k1', '--new', 'k2', '--force']);
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k3']);
  await publish(world, 4);
  expect(await runUntil(world, home, 'node.cjs', '2 route_updated {"n":4}')).toEqual(['2 route_updated {"n":4}']);
};
