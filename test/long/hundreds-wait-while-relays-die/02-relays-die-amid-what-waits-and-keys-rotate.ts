import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, seededRandom } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

const ROUNDS = 10;
/** Three claims' worth and more of each Node. */
const EVENTS = 100;

/** In each round a relay finds hundreds waiting and is killed at some instant among them, while a key rotates or is closed. */
export const step: Step = async (world) => {
  const random = seededRandom();
  const relays = world.stack.services('outbox-relay');
  for (let round = 1; round <= ROUNDS; round++) {
    await Promise.all(relays.map((relay) => relay.kill()));
    await eventsOf(world);
    await Promise.all(relays.map((relay) => relay.start()));
    const changed = round % 2 === 1 ? rotate(world, round) : close(world, round);
    await delay(random.integer(0, 300));
    await Promise.all(relays.map((relay) => relay.kill()));
    await Promise.all(relays.map((relay) => relay.start()));
    await changed;
  }
};

/** As publishing leaves them. */
async function eventsOf(world: World): Promise<void> {
  const ids = Array.from({ length: EVENTS }, () => randomUUID());
  await world.query(
    `WITH event AS (
       INSERT INTO outbox.event (event_id, scope, event_type, payload)
       SELECT id, $2, 'route_updated', '{}' FROM unnest($1::text[]) WITH ORDINALITY AS e (id, n) ORDER BY n
       RETURNING event_id)
     INSERT INTO outbox.message (node_id, scope, event_id)
     SELECT n.id, n.scope, event.event_id FROM event CROSS JOIN ring.node n WHERE n.scope = $2`,
    [ids, world.domain],
  );
}

const rotate = (world: World, round: number): Promise<unknown> =>
  untilDone(world, ['signing', 'rotate', '--scope', world.domain, '--new-key-id', `k${round}`], 'rotation in progress');

/** By force: it must not wait for who lags, and no Node may lose an event by it. */
const close = (world: World, round: number): Promise<unknown> => {
  const triple = ['--old', `k${round < 3 ? 0 : round - 3}`, '--new', `k${round - 1}`];
  return untilDone(world, ['signing', 'close', '--scope', world.domain, ...triple, '--force'], 'no open rotation');
};

/** An operator who was told "outcome unknown" or "unavailable" asks again; `done` says that an earlier try had worked. */
const untilDone = (world: World, args: string[], done: string): Promise<unknown> =>
  eventually(
    async () => {
      const ran = await world.plexctl(args);
      return ran.exitCode === 0 || ran.stderr.includes(done);
    },
    { describe: args.join(' ') },
  );
