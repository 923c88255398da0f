/**
 * `npm run demo`: the life of a key on the embedded stack, in chapters, with the story told as it goes. `--json` prints one
 * JSON object as the last line of stdout. Exit 0 only if every promise held; nothing is left running.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Stack, guard, localFolder, whenOrphaned } from '@plexsphere/stack';
import { Narrator } from './narrator';
import { DEMO_USAGE, UsageError, parseDemoOptions } from './options';
import { asTable, broken, type DemoResult } from './result';
import { tellStory } from './story';

/** An issuer's next key may sign once all verifiers can have asked for it: here they ask every other second. */
const FAST_VERIFIERS = { PLEXSPHERE_VERIFIER_CACHE: '2s' };

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2));
  const narrator = new Narrator(options.json ? process.stderr : process.stdout);
  await mkdir(localFolder, { recursive: true, mode: 0o700 });
  // By its process, so that whoever started it among others knows which is its own.
  const dir = await mkdtemp(join(localFolder, `demo-${process.pid}-`));
  narrator.heading('Bring the stack up: PostgreSQL, NATS JetStream, 2 rotations, 2 signers, 2 relays, 2 gateways');
  guard.erase(dir);
  const onProgress = (text: string): void => narrator.say(text);
  // Whoever watches waits for the services to start.
  const stack = await Stack.create({
    ...{ dir: join(dir, 'stack'), temporary: true, sourceMaps: false, onProgress },
    env: { rotation: FAST_VERIFIERS },
  });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> =>
    (ending ??= stack
      .remove()
      .then(() => rm(dir, { recursive: true, force: true }))
      .then(() => guard.keep(dir)));
  const interrupt = new AbortController();
  const interrupted = (): void => {
    interrupt.abort();
    void end().finally(() => process.exit(130));
  };
  // Not once: a signal to the whole group comes a second time from npm, and must not cut the end short.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted);
  whenOrphaned(interrupted);
  // A terminal that is closed takes our output away; what runs is ended all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await stack.start();
    const result = await tellStory({ stack, dir, nodes: options.nodes, narrator }, options.chapters);
    const complaints = broken(result);
    narrator.table(asTable(result));
    narrator.heading(complaints.length === 0 ? 'Every promise held.' : `Broken: ${complaints.join('; ')}.`);
    if (options.json) {
      const line: DemoResult = { ok: complaints.length === 0, ...result };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
    return complaints.length === 0 ? 0 : 1;
  } catch (error) {
    // What was under way fails for that reason; the exit code is the interrupt's.
    if (interrupt.signal.aborted) await new Promise(() => undefined);
    throw error;
  } finally {
    await end();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n${DEMO_USAGE}`);
      process.exit(2);
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
