import type { ServiceName } from '@plexsphere/wire';
import type { World } from './world';

export const KILLED: ServiceName[] = ['rotation', 'signer', 'outbox-relay'];

/**
 * What is asked for while one replica of each service is killed and comes back; the other one of each at the next call.
 */
export async function throughKills<Reply>(world: World, ask: () => Promise<Reply>): Promise<Reply> {
  const asked = ask();
  // Awaited below, after the kills, however early it fails.
  asked.catch(() => undefined);
  await killOneOfEach(world);
  return asked;
}

/** kill -9, without a lease given back or a message finished. */
export async function killOneOfEach(world: World): Promise<void> {
  const turn = (world.kept.get('kills') as number | undefined) ?? 0;
  world.kept.set('kills', turn + 1);
  const victims = KILLED.flatMap((kind) => {
    const replicas = world.stack.services(kind);
    return replicas[turn % replicas.length] ?? [];
  });
  await Promise.all(victims.map((victim) => victim.kill()));
  await Promise.all(victims.map((victim) => victim.start()));
}
