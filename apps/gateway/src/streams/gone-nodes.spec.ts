// Whoever is taken out while its stream is open, of a whole gateway on a real PostgreSQL: no word of it comes over the bus.
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@plexsphere/testkit';
import { helloHeaders, type Hello } from '@plexsphere/wire';
import { randomUUID } from 'node:crypto';
import { DOMAIN, GatewayWorld, type TestNode } from '../../testing/gateway-world';
import { ReadStream } from '../../testing/read-stream';

jest.setTimeout(60_000);

const WITHIN_MS = 1_000;

let world: GatewayWorld;
const streams: ReadStream[] = [];
beforeAll(async () => {
  world = await GatewayWorld.make();
});
afterEach(() => streams.splice(0).forEach((stream) => stream.close()));
afterAll(() => world.end());

const heads = { ring: 'A'.repeat(43), platform: 'B'.repeat(43) };
const hello = (): Hello => ({ hello_id: randomUUID(), epoch: 1, platform_epoch: 1, position: 0, heads });

async function open(node: TestNode, listens: 'go' | 'sdk'): Promise<ReadStream> {
  const stream = await ReadStream.open(world.url, node, listens === 'sdk' ? helloHeaders(hello()) : {});
  streams.push(stream);
  return stream;
}

const takeOut = ({ id }: TestNode, state: string) =>
  world.query('UPDATE ring.node SET state = $2, removed_at = clock_timestamp() WHERE id = $1', [id, state]);
const code = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

test.each([
  ['removed', 'go'],
  ['removed', 'sdk'],
  ['revoked', 'go'],
  ['revoked', 'sdk'],
] as const)(
  'a Node that is %s has no stream a second later (%s), and is told why when it comes again',
  async (state, listens) => {
    const [node, other] = [await world.addNode(DOMAIN, { listens }), await world.addNode(DOMAIN, { listens })];
    const [stream, another, ofOther] = [
      await open(node, listens),
      await open(node, listens),
      await open(other, listens),
    ];
    await takeOut(node, state);
    const takenOutAt = performance.now();
    await eventually(() => stream.isEnded && another.isEnded, { describe: 'the end of its streams' });
    expect(performance.now() - takenOutAt).toBeLessThan(WITHIN_MS);
    expect(ofOther.isEnded).toBe(false);
    const headers = listens === 'sdk' ? helloHeaders(hello()) : {};
    expect(await code(await world.as(node, `/v1/nodes/${node.id}/events`, { headers }))).toEqual([
      403,
      `node_${state}`,
    ]);
  },
);

test('what is committed long after its time, and while the database was away, ends the stream all the same', async () => {
  const [node, late] = [await world.addNode(DOMAIN), await world.addNode(DOMAIN)];
  const [stream, lateOne] = [await open(node, 'go'), await open(late, 'go')];
  await world.query(
    `UPDATE ring.node SET state = 'removed', removed_at = clock_timestamp() - interval '10 seconds' WHERE id = $1`,
    [late.id],
  );
  await eventually(() => lateOne.isEnded, { describe: 'the end of the stream' });
  await world.closeDatabase();
  await takeOut(node, 'revoked');
  await delay(WITHIN_MS);
  expect(stream.isEnded).toBe(false);
  world.openDatabase();
  await eventually(() => stream.isEnded, { describe: 'the end of the stream' });
});
