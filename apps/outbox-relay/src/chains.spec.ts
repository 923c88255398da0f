/** Chains over a real bus, to Nodes that hold what the SDK holds. The longest ones, and every case: chains.long.spec.ts. */
import 'reflect-metadata';
import { eventually } from '@plexsphere/testkit';
import { comesBack, diesAmid, type Whose } from '../testing/chain-story';
import { RelayWorld } from '../testing/relay-world';

jest.setTimeout(240_000); // the first run on a machine downloads the server

describe('P-1: a Node that slept comes back', () => {
  test.each<[Whose, number]>([
    ...[0, 1, 257].map((links): [Whose, number] => ['a Domain', links]),
    ...[0, 1].map((links): [Whose, number] => ['the platform', links]),
  ])('a Node of %s, by a chain of %d links', comesBack);
});

describe('P-1: between two parts of a chain', () => {
  test.each<Parameters<typeof diesAmid>>([
    ['a Domain', 257, 'the relay'],
    ['a Domain', 257, 'the Node'],
    ['the platform', 257, 'a relay unheard'],
  ])('of a Node of %s, of %d links, %s may die', diesAmid);
});

test('P-1: what is too large for the bus holds up its own Node and nobody else', async () => {
  const world = await RelayWorld.create('max_payload: 16384');
  try {
    const [small, large] = [await world.node(world.domain), await world.node(world.domain)];
    await world.mesh.sleepThrough(world.domain, 40);
    const { epoch } = world.mesh.of(world.domain);
    await world.mesh.set(small.nodeId, `told_epoch = ${epoch}, settled_epoch = ${epoch}`);
    await world.mesh.publish(world.domain);
    await world.relay();
    await eventually(async () => (await world.mesh.messages(small.nodeId)).every(({ state }) => state === 'sent'));
    const isLeftAlone = async (): Promise<boolean> => {
      const { rows } = await world.mesh.pool.query(
        `SELECT FROM outbox.node_stream
          WHERE node_id = $1 AND claim_owner IS NULL AND claim_deadline > clock_timestamp() + interval '10 s'`,
        [large.nodeId],
      );
      return rows.length === 1;
    };
    await eventually(isLeftAlone);
    await expect(world.mesh.messages(large.nodeId)).resolves.toMatchObject([{ state: 'unsent' }]);
  } finally {
    await world.end();
  }
});
