import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type StrictNode } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { nodesOf } from './hands';

/** As often as a Node may within ten seconds, at each of two gateways. */
const OPENED = 10;
const QUIET_MS = 4_000;
/** Signs of life are told once a minute and gateway, and what was under way when the counting began is done. */
const OTHER_WRITES = 50;

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  await haveSettled(world);
  await Promise.all(nodes.nodes.map((node) => node.stop()));
  const [quiet] = await writesDuring(world, () => delay(QUIET_MS));
  const [writes, tookMs] = await writesDuring(world, async () => {
    let opened = 0;
    for (const url of nodes.urls) {
      for (let round = 0; round < OPENED; round++) {
        opened += (await Promise.all(nodes.nodes.map((node) => openOnce(url, node)))).filter(Boolean).length;
      }
    }
    // The last ones of those that were stopped count for their Nodes, too.
    expect(opened).toBeGreaterThan(0.7 * nodes.urls.length * OPENED * nodes.nodes.length);
  });
  // Leases are renewed, and rotation looks about: by the clock, and not by the stream.
  expect(writes).toBeLessThanOrEqual(OTHER_WRITES + 2 * quiet * (tookMs / QUIET_MS));
};

/** Everything that was sent is known to be held. */
const haveSettled = (world: World): Promise<unknown> =>
  eventually(
    async () => {
      const unsettled = await world.query(
        `SELECT FROM outbox.node_stream s WHERE s.scope = $1 AND (s.hello IS NOT NULL OR s.waits_since IS NOT NULL OR
           EXISTS (SELECT FROM outbox.message m WHERE m.node_id = s.node_id AND m.state <> 'settled'))`,
        [world.domain],
      );
      return unsettled.length === 0;
    },
    { describe: 'everything being settled', timeoutMs: 120_000 },
  );

/** Asks for its stream where it left off, and goes once it has it; whether it was given one. */
async function openOnce(url: string, { id, identity, lastId }: StrictNode): Promise<boolean> {
  const ended = new AbortController();
  const headers = { authorization: `Bearer ${identity.node_secret_key}`, 'last-event-id': lastId };
  const response = await fetch(new URL(`/v1/nodes/${id}/events`, url), { headers, signal: ended.signal });
  ended.abort();
  return response.status === 200;
}

/** How many transactions wrote anything while `act` went on: what only reads is given no number. And how long that took. */
async function writesDuring(world: World, act: () => Promise<void>): Promise<[number, number]> {
  const next = async (): Promise<number> => {
    const [row] = await world.query<{ next: string }>('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next');
    return Number(row?.next);
  };
  const [before, beganAtMs] = [await next(), performance.now()];
  await act();
  return [(await next()) - before, performance.now() - beganAtMs];
}
