import type { EventSource } from '@plexsphere/testkit';
import type { EdgeCrowd, CrowdHost } from '../../src/edge-crowd';
import type { EdgeHost } from '../../src/edge-host';
import type { World } from '../../src/world';

export interface Fleet {
  crowds: EdgeCrowd[];
  /** Its agent is stopped before the run. */
  away: EdgeHost;
  /** May write no more than a few blocks to its disk. */
  full: EdgeHost;
  source: EventSource;
  /** Of the one that is revoked meanwhile. */
  lost?: string;
}

export const fleetOf = (world: World): Fleet => world.kept.get('fleet') as Fleet;

export const everyone = async ({ crowds }: Fleet): Promise<CrowdHost[]> =>
  (await Promise.all(crowds.map((crowd) => crowd.look()))).flat();
