import type { Ran } from '@plexsphere/stack';
import type { World } from './world';

/**
 * A command while one of two signers is stopped. The bus hands a question to either: four in a row to the one that is
 * stopped, one time in sixteen, and there is no answer in time, and nothing has changed. An operator comes again.
 */
export async function pastSilence(world: World, args: string[]): Promise<Ran> {
  for (;;) {
    const ran = await world.plexctl(args);
    if (!ran.stderr.includes('signing: no answer')) return ran;
  }
}
