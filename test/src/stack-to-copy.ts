import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Stack, compileServices, localFolder } from '@plexsphere/stack';

/** Where suites find the folder of the stack that theirs are copies of. */
export const STACK_TO_COPY = 'PLEXSPHERE_STACK_TO_COPY';
/** And what V8 makes of the services' code. */
export const COMPILED = 'PLEXSPHERE_COMPILED';

const made = new Map<string, Stack>();

/** Before the first suite of a run, in Jest's own process, whose end nothing of it outlives. */
export async function makeStackToCopy(): Promise<void> {
  await mkdir(localFolder, { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(join(localFolder, 'suites-'));
  const stack = await Stack.create({ dir, durable: false, temporary: true });
  made.set(dir, stack);
  const compiled = join(dir, 'compiled');
  await Promise.all([stack.prepare(), compileServices(compiled)]);
  process.env[STACK_TO_COPY] = dir;
  process.env[COMPILED] = compiled;
}

export async function removeStackToCopy(): Promise<void> {
  await Promise.all([...made.values()].map((stack) => stack.remove()));
}
