import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Stack, compileServices, localFolder } from '@plexsphere/stack';
import { BRING_UP_FILES, openRecoveryKey, sealRecoveryKey } from '@plexsphere/wire';

/** Where suites find the folder of the stack that theirs are copies of. */
export const STACK_TO_COPY = 'PLEXSPHERE_STACK_TO_COPY';
/** And what V8 makes of the code of services. */
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
  await sealCheaply(dirname(stack.tokenFile));
  process.env[STACK_TO_COPY] = dir;
  process.env[COMPILED] = compiled;
}

/** A try of the passphrase takes half a second of a core: what guards against who guesses, and stories do not guess. */
async function sealCheaply(folder: string): Promise<void> {
  const [file, passphrase] = [BRING_UP_FILES.recoveryKey, BRING_UP_FILES.recoveryPassphrase].map((name) =>
    join(folder, name),
  ) as [string, string];
  const word = (await readFile(passphrase, 'utf8')).trim();
  const key = await openRecoveryKey(await readFile(file, 'utf8'), word);
  await writeFile(file, await sealRecoveryKey(key, word, { n: 2, r: 8, p: 1 }));
}

export async function removeStackToCopy(): Promise<void> {
  await Promise.all([...made.values()].map((stack) => stack.remove()));
}
