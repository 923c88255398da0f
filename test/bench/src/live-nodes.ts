import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchWorld } from './bench-world';
import type { LiveEnrolment } from './mesh';
import type { Peer } from './peer';

const PROGRAM = '../src/live-nodes-process.cjs';
let crowds = 0;

/** SDK Nodes that are there, in a few processes. */
export class LiveNodes {
  private constructor(private readonly processes: readonly Peer[]) {}

  /** Resolves when each was answered. `keeps`: when each event was handed to a handler. */
  static async begin(
    bench: BenchWorld,
    enrolments: readonly LiveEnrolment[],
    { processes, keeps = false }: { processes: number; keeps?: boolean },
  ): Promise<LiveNodes> {
    const folder = join(bench.dir, `nodes-${(crowds += 1)}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await spreadOut(folder);
    const all = enrolments.map(({ nodeId, text }) => ({ text, storeDir: join(folder, nodeId) }));
    const live = new LiveNodes(Array.from({ length: processes }, () => bench.peer(PROGRAM)));
    await live.ask((index) => ({
      begin: { enrolments: all.filter((_, at) => at % processes === index), keeps },
    }));
    return live;
  }

  get pids(): Record<string, number | undefined> {
    return Object.fromEntries(this.processes.map(({ pid }, index) => [`nodes-${index + 1}`, pid]));
  }

  /** When each Node ceased to trust a key, in milliseconds since 1970; null where one still does. */
  async refuses(keyId: string): Promise<(number | null)[]> {
    return (await this.ask<(number | null)[]>(() => ({ refuses: keyId }))).flat();
  }

  /** When each event was handed over, by its id. */
  async applied(): Promise<Map<string, number>> {
    return new Map((await this.ask<[string, number][]>(() => ({ applied: true }))).flat());
  }

  async forget(): Promise<void> {
    await this.ask(() => ({ forget: true }));
  }

  /** Each leaves in order. */
  async stop(): Promise<void> {
    await this.ask(() => ({ stop: true }));
    await Promise.all(this.processes.map((each) => each.end()));
  }

  private async ask<Answer>(question: (index: number) => object): Promise<Answer[]> {
    const replies = await Promise.all(
      this.processes.map((each, index) => each.ask<{ answer: Answer }>(question(index))),
    );
    return replies.map(({ answer }) => answer);
  }
}

/**
 * Nodes have a disk each; here thousands share one. An ext4 without a journal gives nothing new the place of what was deleted
 * within minutes, and for each file that is made it looks through all that was deleted in the same part of the disk: so each
 * Node's folder is put into another part. Where that cannot be had it is left.
 */
async function spreadOut(folder: string): Promise<void> {
  await promisify(execFile)('chattr', ['+T', folder]).catch(() => undefined);
}
