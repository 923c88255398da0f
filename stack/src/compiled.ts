import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SERVICE_NAMES, type ServiceName } from '@plexsphere/wire';
import { repositoryRoot } from './folders';

const HOOK = join(repositoryRoot, 'stack', 'compiled.cjs');
// A start that does nothing; two cores may have more to do.
const START_TIMEOUT_MS = 60_000;

export const entryOf = (service: ServiceName): string => join(repositoryRoot, 'apps', service, 'dist', 'main.js');

/** How a service is started that takes what `compileServices` left in the folder. */
export const withCompiled = (
  folder: string,
  service: string,
): { args: readonly string[]; env: Readonly<Record<string, string>> } => ({
  args: ['--require', HOOK],
  env: { COMPILED: join(folder, service) },
});

/** Leaves in the folder what V8 makes of each service's code, so that a start takes a third less: stack/compiled.cjs. */
export async function compileServices(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const compile = async (service: ServiceName): Promise<void> => {
    const { args, env } = withCompiled(folder, service);
    await promisify(execFile)(process.execPath, [...args, entryOf(service), '--help'], {
      env: { PATH: process.env['PATH'], ...env },
      timeout: START_TIMEOUT_MS,
    });
  };
  await Promise.all(SERVICE_NAMES.map(compile));
}
