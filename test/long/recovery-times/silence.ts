import { eventually } from '@plexsphere/testkit';
import type { World } from '../../src/world';

const NODES = 8;
const PATIENCE = { timeoutMs: 90_000, describe: 'every Node having applied the last event' };

/** Nodes for the story, all of which listen. */
export async function nodesListen(world: World): Promise<void> {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  for (let n = 1; n <= NODES; n++) await (await world.addNode(world.domain, `n${n}`)).start();
}

const publish = async (world: World): Promise<boolean> => {
  const ran = await world.plexctl(['events', 'publish', '--scope', world.domain, '--event-type', 'tick'], '{}');
  return ran.exitCode === 0;
};

/**
 * Publishes without a pause while `trouble` happens and until every Node has applied an event that was published after
 * it. Returns the longest time, in seconds, for which some Node heard nothing.
 */
export async function longestSilence(world: World, trouble: () => Promise<void>): Promise<number> {
  const lastHeard = world.nodes.map(({ applied }) => ({ count: applied.length, at: performance.now(), longest: 0 }));
  const look = (): void => {
    const now = performance.now();
    for (const [i, heard] of lastHeard.entries()) {
      const count = world.nodes[i]?.applied.length ?? 0;
      heard.longest = Math.max(heard.longest, now - heard.at);
      if (count > heard.count) Object.assign(heard, { count, at: now });
    }
  };
  const watching = setInterval(look, 20);
  let over = false;
  const publishing = (async () => {
    while (!over) await publish(world);
  })();
  try {
    await trouble();
    const counts = world.nodes.map(({ applied }) => applied.length);
    await eventually(() => publish(world), PATIENCE);
    await eventually(() => world.nodes.every(({ applied }, i) => applied.length > (counts[i] ?? 0)), PATIENCE);
  } finally {
    over = true;
    await publishing;
    clearInterval(watching);
  }
  return Math.max(...lastHeard.map(({ longest }) => longest)) / 1_000;
}

/** Shown beside the story, because the figures are what it is about. */
export const report = (what: string, seconds: number): void =>
  void process.stdout.write(`${what}: ${seconds.toFixed(1)} s\n`);
