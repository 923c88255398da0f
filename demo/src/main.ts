/**
 * `npm run demo`: the main job on the embedded stack, with the story told as it goes. `--json` prints one JSON object as
 * the last line of stdout. Exit 0 only if every promise held; nothing is left running.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stack, guard, localFolder, whenOrphaned } from '@plexsphere/stack';
import { Narrator } from './narrator';
import { asTable, broken, type DemoResult } from './result';
import { Story } from './story';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, nodes: { type: 'string', default: '50' } },
  });
  const narrator = new Narrator(values.json ? process.stderr : process.stdout);
  await mkdir(localFolder, { recursive: true, mode: 0o700 });
  // By its process, so that whoever started it among others knows which is its own.
  const dir = await mkdtemp(join(localFolder, `demo-${process.pid}-`));
  narrator.chapter('Bring the stack up: PostgreSQL, NATS JetStream, 2 rotations, 2 signers, 2 relays');
  guard.erase(dir);
  const onProgress = (text: string): void => narrator.say(text);
  const stack = await Stack.create({ dir: join(dir, 'stack'), temporary: true, onProgress });
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
    const result = await new Story({ stack, dir, nodes: Number(values.nodes), narrator }).tell();
    const complaints = broken(result);
    narrator.table(asTable(result));
    narrator.chapter(complaints.length === 0 ? 'Every promise held.' : `Broken: ${complaints.join('; ')}.`);
    if (values.json) {
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
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
