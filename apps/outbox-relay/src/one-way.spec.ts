/** That nothing but what is asked for is read of the messages, whatever PostgreSQL believes of their number. */
import 'reflect-metadata';
import { ClaimWorld, ack, messagesOf } from '../testing/claim-world';
import { askedOfMessages, endlessWays, plansOf } from '../testing/ways-to-messages';
import { deleteSettled } from './housekeeping/delete-settled';
import { expireMessages } from './housekeeping/expire-messages';
import { settleRemoved } from './housekeeping/settle-removed';

jest.setTimeout(60_000);

let world: ClaimWorld;
let go: string;

beforeAll(async () => {
  world = await ClaimWorld.create();
  for (let i = 0; i < 12; i++) await world.mesh.node(world.domain);
  go = await world.mesh.httpNode(world.domain);
  await world.mesh.set(go, `waits_since = NULL, ready_epoch = told_epoch, ready_position = 1, last_position = 1`);
});
afterAll(() => world.end());

/** Whatever a relay does with events, once. */
async function everything(): Promise<void> {
  const { mesh, domain, source } = world;
  const by = world.claimer();
  for (let i = 0; i < 2; i++) await mesh.publish(domain);
  const claims = await by.claims.take(512);
  for (const claim of claims) await world.mark(by, claim);
  const nodes = claims.map(({ node }) => node.nodeId).filter((nodeId) => nodeId !== go);
  await world.settle(...nodes.map((nodeId) => ack(nodeId, 1, 1)));
  await world.say(go, { position: 2 });
  await world.hello(nodes[0]!, 'h1', 1);
  await world.drain(by);
  await mesh.publish(domain);
  const late = (await by.claims.take(512)).filter(({ message }) => message.kind === 'ordinary');
  const [other, back, given] = late;
  await by.results.otherSequence(other!.node, 7);
  const [message] = messagesOf(back!);
  const [unsayable] = messagesOf(given!);
  if (message?.kind !== 'ordinary' || unsayable?.kind !== 'ordinary') throw new Error('nothing was claimed');
  await by.results.putBack({ ...back!.node, deferMs: 0 }, message.event);
  await by.results.givenUp(given!.node, unsayable.event.id);
  await mesh.set(nodes[5]!, `last_seen_at = NULL, claim_deadline = NULL`);
  await source.transaction((manager) => expireMessages(manager, -60_000, '1'));
  await mesh.remove(nodes[6]!);
  await settleRemoved(source.manager);
  await deleteSettled(source.manager, 3_600_000);
}

const OF_A_NODE = { text: 'SELECT outstanding FROM gateway.node WHERE id = $1', values: [''] };

/** So many that to read them all is never the shortest way to a few. */
const FILL = `
  WITH event AS (
    INSERT INTO outbox.event (event_id, scope, event_type) SELECT 'many-' || i, $1, 'many' FROM generate_series(1, 800) i
    RETURNING event_id)
  INSERT INTO outbox.message (node_id, scope, event_id, position) SELECT s.node_id, s.scope, event_id, 1
    FROM event, outbox.node_stream s`;
const SETTLE_ALL = `UPDATE outbox.message SET state = 'settled', outcome = 'applied', settled_at = now() WHERE state <> 'settled'`;
const COUNT = 'VACUUM (ANALYZE) outbox.message, outbox.event';

test('each statement has one way, whether all messages waited when they were counted or none', async () => {
  const { pool } = world.mesh;
  const asked = await askedOfMessages(everything);
  expect(asked.length).toBeGreaterThanOrEqual(16);
  const endless = async (): Promise<string[]> => {
    const found: string[] = [];
    const plans = await Promise.all(
      asked.map(async (each) => [each.text, await plansOf((...query) => world.source.query(...query), each)] as const),
    );
    const ofOthers = await plansOf(async (...query) => (await pool.query(...query)).rows, {
      ...OF_A_NODE,
      values: [go],
    });
    for (const [text, ways] of [...plans, [OF_A_NODE.text, ofOthers] as const]) {
      for (const way of new Set(ways.flatMap(endlessWays))) found.push(`${way} in ${text}`);
    }
    return found;
  };
  await pool.query(FILL, [world.domain]);
  await pool.query(COUNT);
  expect(await endless()).toEqual([]);
  await pool.query(SETTLE_ALL);
  expect(await endless()).toEqual([]);
  await pool.query(COUNT);
  await world.mesh.publish(world.domain);
  expect(await endless()).toEqual([]);
});
