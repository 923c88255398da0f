/** How far what was said has come, as the stream and the database have it. The one place that knows their tables. */
import { setTimeout as delay } from 'node:timers/promises';
import { EVENT_STREAM } from '@plexsphere/wire';
import type { JetStreamManager } from 'nats';
import type { World } from '../../src/world';
import { busAs } from './bus-load';
import type { Mesh } from './mesh';

const LOOK_EVERY_MS = 10;
/** Where nothing moves any more. */
const PATIENCE_MS = 600_000;

/** What the stream has stored since it was made, which costs the server nothing to say. */
export class StreamCount {
  private constructor(private readonly manager: JetStreamManager) {}

  /** As a relay, which may ask for no more than this. */
  static async open(world: World): Promise<StreamCount> {
    const bus = await busAs(world, 'outbox-relay');
    return new StreamCount(await bus.jetstreamManager({ checkAPI: false }));
  }

  static over(manager: JetStreamManager): StreamCount {
    return new StreamCount(manager);
  }

  async stored(): Promise<number> {
    return (await this.manager.streams.info(EVENT_STREAM.name)).state.last_seq;
  }

  /** Of what it still keeps. */
  async bytes(): Promise<number> {
    return (await this.manager.streams.info(EVENT_STREAM.name)).state.bytes;
  }
}

/** Polls until it is so; answers when that was, as `performance.now()` has it. @throws Error where it never comes */
export async function when(isSo: () => Promise<boolean>, everyMs = LOOK_EVERY_MS): Promise<number> {
  for (const until = performance.now() + PATIENCE_MS; ; await delay(everyMs)) {
    if (await isSo()) return performance.now();
    if (performance.now() > until) throw new Error(`not so after ${PATIENCE_MS / 1_000} s`);
  }
}

const count = async (mesh: Mesh, sql: string, parameters: unknown[] = []): Promise<number> =>
  (await mesh.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, parameters))[0]?.n ?? NaN;

export async function epochOf(mesh: Mesh): Promise<number> {
  const [ring] = await mesh.query<{ epoch: number }>('SELECT epoch::int FROM ring.key_ring WHERE scope = $1', [
    mesh.scope,
  ]);
  return ring?.epoch ?? NaN;
}

/** Nodes that the present ring was not announced to yet, as far as is marked. */
export const untold = (mesh: Mesh, epoch: number): Promise<number> =>
  count(mesh, 'outbox.node_stream WHERE scope = $1 AND told_epoch < $2', [mesh.scope, epoch]);

/** Nodes that have not acknowledged it. */
export const unsettled = (mesh: Mesh, epoch: number): Promise<number> =>
  count(mesh, 'outbox.node_stream WHERE scope = $1 AND settled_epoch < $2', [mesh.scope, epoch]);

const HAS = (state: 'unsent' | 'sent'): string =>
  `EXISTS (SELECT FROM outbox.message m WHERE m.node_id = n.node_id AND m.state = '${state}' OFFSET 0)`;
const LOOKED_AT_ONCE = 32;

/**
 * Whether Nodes have settled all their messages; of such as have heard of all keys those are ordinary ones. Each is looked at
 * until it has, and then no more: to look at all of them each time passes all that is dead and kept by somebody's snapshot,
 * and takes the database as long as a third of what is measured.
 */
export function whetherSettled(mesh: Mesh, nodeIds: readonly string[]): () => Promise<boolean> {
  let left = [...nodeIds];
  return async () => {
    while (left.length > 0) {
      const still = await mesh.query<{ id: string }>(
        `SELECT n.node_id AS id FROM unnest($1::uuid[]) n(node_id) WHERE ${HAS('unsent')} OR ${HAS('sent')}`,
        [left.slice(0, LOOKED_AT_ONCE)],
      );
      left = [...still.map(({ id }) => id), ...left.slice(LOOKED_AT_ONCE)];
      if (still.length > 0) return false;
    }
    return true;
  };
}
