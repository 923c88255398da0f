import type { Ran } from '@plexsphere/stack';
import type { World } from './world';

/** Other refusals after which an operator comes again: the attempt lost, or was too slow, and left nothing behind. */
export const CHANGED_NOTHING = ['signing: scope busy', 'signing: prepared too late', 'signing: epoch mismatch'];

/**
 * A command that no signer may answer in its second, which changes nothing: an operator comes again. On a busy machine,
 * and where one of two signers is stopped: the bus hands a question to either, one time in sixteen four times in a row to
 * the one that is stopped. `passing`: what else passes by itself.
 */
export async function pastSilence(world: World, args: string[], passing: string[] = []): Promise<Ran> {
  for (;;) {
    const ran = await world.plexctl(args);
    // Of which one copy may have been refused so.
    if (ran.stderr.includes('outcome unknown')) return ran;
    if (!['signing: no answer', ...passing].some((detail) => ran.stderr.includes(detail))) return ran;
  }
}
