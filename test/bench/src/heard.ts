import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeClient, parseEnrolment } from '@plexsphere/node-sdk';
import type { BenchWorld } from './bench-world';
import type { LiveEnrolment } from './mesh';

const PAUSE_MS = 20;

/** One message at a time. */
export class Heard {
  private hear: () => void = () => undefined;

  heard(): void {
    this.hear();
  }

  /** From each saying until it was heard, with a pause after it. */
  async times(count: number, say: () => void): Promise<number[]> {
    const tookMs: number[] = [];
    for (let message = 0; message < count; message++) {
      const heard = new Promise<void>((resolve) => (this.hear = resolve));
      const beganAt = performance.now();
      say();
      await heard;
      tookMs.push(performance.now() - beganAt);
      await delay(PAUSE_MS);
    }
    return tookMs;
  }
}

/** A Node in this very process, whose handler says that it has heard. */
export async function startNode(bench: BenchWorld, { text }: LiveEnrolment, applied: Heard): Promise<void> {
  const client = new NodeClient({
    enrolment: parseEnrolment(text),
    storeDir: join(bench.dir, 'node'),
    handler: async () => applied.heard(),
  });
  await client.start();
  bench.afterwards(() => client.stop());
  await client.ready();
}
