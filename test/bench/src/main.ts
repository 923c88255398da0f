import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@plexsphere/testkit';
import { makeStackToCopy, removeStackToCopy } from '../../src/stack-to-copy';
import { allBenches } from './all-benches';
import type { Bench } from './bench';
import { BenchWorld, CommonGround } from './bench-world';
import { chosen, parseOptions, runOrder, usage, type BenchOptions } from './options';
import { broken, isBroken, type Result } from './row';
import { tableOf } from './table';

const RESULTS = join(__dirname, '..', 'results', 'latest.json');
/** Times what a bench takes on a quiet machine: longer than this and it hangs. */
const PATIENCE = 10;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs what is asked for, and answers with the exit code. That a row falls short of its reach is no failure: it is shown. */
export async function main(args: readonly string[]): Promise<number> {
  const all = await allBenches();
  const known = all.map(({ name }) => name);
  if (args.includes('--help')) return tell(usage(known), 0);
  const options = parseOptions(args, known);
  if (typeof options === 'string') return tell(options, 2);
  const { benches, leftOut } = chosen(all, options);
  const { seed } = seededRandom();
  say(
    `${cpus()[0]?.model ?? 'a machine'}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, ${process.version}`,
  );
  say(`${benches.length} benches, some ${Math.ceil(secondsOf(benches, options) / 60)} minutes where nothing else runs`);
  const gave = new Map<string, Result[]>();
  const results = (): Result[] => benches.flatMap(({ name }) => gave.get(name) ?? []);
  const common = new CommonGround();
  try {
    await makeStackToCopy();
    for (const bench of runOrder(benches)) {
      gave.set(bench.name, await run(bench, { isQuick: options.isQuick, seed }, common));
      // After each: whoever is interrupted has what was measured.
      await write(results());
    }
  } finally {
    await common.end();
    await removeStackToCopy();
  }
  process.stdout.write(`${tableOf(results())}\n`);
  if (leftOut.length > 0) process.stdout.write(`left out, too long for --quick: ${leftOut.join(', ')}\n`);
  return results().some(isBroken) ? 1 : 0;
}

const secondsOf = (benches: readonly Bench[], { isQuick }: BenchOptions): number =>
  benches.reduce((sum, bench) => sum + ((isQuick ? bench.takesQuickly : undefined) ?? bench.takesSeconds), 0);

/** Its rows; a single one that says why, where it broke. */
async function run(
  bench: Bench,
  { isQuick, seed }: { isQuick: boolean; seed: number },
  common: CommonGround,
): Promise<Result[]> {
  const beganAt = performance.now();
  say(bench.name);
  const world = await BenchWorld.begin(isQuick, seed, common);
  const over = new AbortController();
  const tooLong = delay(1_000 * PATIENCE * Math.max(30, bench.takesSeconds), undefined, { signal: over.signal }).then(
    () => {
      throw new Error('it hangs');
    },
  );
  try {
    return await Promise.race([bench.run(world), tooLong]);
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return [broken(bench.name, String(error).split('\n')[0] ?? '')];
  } finally {
    over.abort();
    await tooLong.catch(() => undefined);
    await world.end();
    say(`  took ${Math.round((performance.now() - beganAt) / 1_000)} s`);
  }
}

async function write(results: readonly Result[]): Promise<void> {
  await mkdir(dirname(RESULTS), { recursive: true });
  await writeFile(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
}

function tell(text: string, exitCode: number): number {
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return exitCode;
}
