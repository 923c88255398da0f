import type { EventSource } from '@plexsphere/testkit';
import type { EdgeHost } from '../../src/edge-host';
import type { World } from '../../src/world';

/** What the steps share: four hosts, and events for all of them, all the while. */
export interface Fleet {
  hosts: [changing: EdgeHost, lost: EdgeHost, other: EdgeHost, away: EdgeHost];
  source: EventSource;
}

export const fleetOf = (world: World): Fleet => world.kept.get('fleet') as Fleet;

/** State of each key that a Node has had, the first one first. */
export async function keysOf(world: World, { nodeId }: EdgeHost): Promise<string[]> {
  const keys = await world.query<{ state: string }>(
    'SELECT state FROM ring.node_key WHERE node_id = $1 ORDER BY generation',
    [nodeId],
  );
  return keys.map(({ state }) => state);
}
