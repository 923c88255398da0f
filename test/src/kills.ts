import type { Stack } from '@plexsphere/stack';
import type { ServiceName } from '@plexsphere/wire';
import type { World } from './world';

export const KILLED: ServiceName[] = ['rotation', 'signer', 'outbox-relay'];

/** How often something was killed on a stack, over all of its stories. */
const turns = new WeakMap<Stack, number>();

/** As an operator does who was told that nothing has been done, because somebody was not there. */
const PASSING = /"code":"(?:UNAVAILABLE|ABORTED|DEADLINE_EXCEEDED)"/;
const PATIENCE_MS = 120_000;

/**
 * What is asked for while replicas are killed and come back: one of each service at once, and the next two times one of
 * a single service, each in its turn; of two replicas the one now, and the other one then. By plexctl, too, it is asked
 * for again: of two signers the one that is left may not answer in its second.
 */
export async function throughKills<Reply>(world: World, ask: () => Promise<Reply>): Promise<Reply> {
  const asked = comingAgain(ask);
  // Awaited below, after the kills, however early it fails.
  asked.catch(() => undefined);
  await killInTurn(world);
  return asked;
}

async function comingAgain<Reply>(ask: () => Promise<Reply>): Promise<Reply> {
  for (const until = performance.now() + PATIENCE_MS; ;) {
    try {
      return await ask();
    } catch (error) {
      const isPassing = PASSING.test(String(error)) && !String(error).includes('outcome unknown');
      if (!isPassing || performance.now() > until) throw error;
    }
  }
}

/** kill -9, without a lease given back or a message finished. */
export async function killInTurn(world: World): Promise<void> {
  const turn = turnOf(world);
  const round = Math.floor(turn / KILLED.length);
  // Another one begins each round, so that no service is always the one that is killed beside the others only.
  const single = KILLED[(turn + round) % KILLED.length];
  await kill(world, turn, turn % KILLED.length === 0 ? KILLED : KILLED.filter((kind) => kind === single));
}

export const killOneOfEach = (world: World): Promise<void> => kill(world, turnOf(world), KILLED);

function turnOf({ stack }: World): number {
  const turn = turns.get(stack) ?? 0;
  turns.set(stack, turn + 1);
  return turn;
}

async function kill({ stack }: World, turn: number, kinds: readonly ServiceName[]): Promise<void> {
  const victims = kinds.flatMap((kind) => {
    const replicas = stack.services(kind);
    return replicas[turn % replicas.length] ?? [];
  });
  await Promise.all(victims.map((victim) => victim.kill()));
  await Promise.all(victims.map((victim) => victim.start()));
}
