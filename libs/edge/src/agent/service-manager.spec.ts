import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { serviceManager } from './service-manager';

const folder = temporaryFolder();
const told = join(folder, 'told');
const program = join(folder, 'systemd-notify');

beforeEach(() => {
  rmSync(told, { force: true });
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\nenv > ${told}.env\n`);
  chmodSync(program, 0o755);
});

const PATH = `${folder}:${process.env['PATH']}`;

it('is told by systemd’s own program, with nothing of the environment but where systemd listens', async () => {
  const manager = serviceManager({ PATH, NOTIFY_SOCKET: '/run/systemd/notify', PLEXSPHERE_SECRET: 'a-secret' });
  await manager.ready('connecting');
  await manager.status('connected; not -- a flag');
  await manager.stopping();
  expect(readFileSync(told, 'utf8').trimEnd().split('\n')).toEqual([
    '/run/systemd/notify --ready --status=connecting',
    '/run/systemd/notify --status=connected; not -- a flag',
    '/run/systemd/notify STOPPING=1',
  ]);
  expect(readFileSync(`${told}.env`, 'utf8')).not.toContain('a-secret');
});

it('is not told where systemd did not start the agent', async () => {
  await serviceManager({ PATH }).ready('connecting');
  expect(existsSync(told)).toBe(false);
});

it('may have no such program, or one that fails: the agent goes on', async () => {
  writeFileSync(program, '#!/bin/sh\nexit 3\n');
  await serviceManager({ PATH, NOTIFY_SOCKET: '@x' }).ready('connecting');
  await serviceManager({ PATH: join(folder, 'nowhere'), NOTIFY_SOCKET: '@x' }).ready('connecting');
  expect(existsSync(told)).toBe(false);
});
