import { randomUUID } from 'node:crypto';
import { Bus } from '@plexsphere/service-kit';
import { RogueServer } from '@plexsphere/testkit';
import { connect, type NatsConnection } from 'nats';
import type { NodeView, NodeViews } from '../views/node-views';
import type { EventStreams } from './event-streams';
import { NodeNews } from './node-news';
import { NodeStates } from './node-states';

const server = new RogueServer({});
let connection: NatsConnection;
let news: NodeNews;

beforeEach(async () => {
  server.isSilent = false;
  connection = await connect({ servers: await server.start(), maxReconnectAttempts: -1 });
  news = new NodeNews(new Bus(connection));
  await news.listen();
});

afterEach(async () => {
  await connection.close();
  await server.stop();
});

test('has heard all that was told when the bus says so', async () => {
  const askedAtMs = Date.now();
  expect(await news.catchUp()).toBe(true);
  expect(news.heardUntilMs).toBeGreaterThanOrEqual(askedAtMs);
});

test('has not where the bus goes away over the question: what was told before it may never come', async () => {
  server.isSilent = true;
  const asked = news.catchUp();
  server.hangUp();
  expect(await asked).toBe(false);
  expect(news.heardUntilMs).toBe(0);
});

test('tells without a bus that says that it has it: a state is not held back for that', async () => {
  server.isSilent = true;
  const nodeId = randomUUID();
  await news.tell(nodeId, { what: 'begun', stateId: 'a' });
  expect(news.statesOf(nodeId)).toMatchObject([{ id: 'a', answer: null }]);
});

test.each([
  ['of the state that was answered last', false],
  ['of none, where the bus goes away before all that was told has been heard', true],
])('a drift is %s', async (_, goesAway) => {
  const node = { id: randomUUID(), listens: 'go', readAt: new Date().toISOString() } as NodeView;
  node.stream = { settledEpoch: 1, seenAt: new Date(), waitsSince: null };
  // Neither a row nor a stream is looked at for it.
  const states = new NodeStates({} as NodeViews, news, {} as EventStreams);
  await news.tell(node.id, { what: 'begun', stateId: 'a' });
  const answer = { epoch: 1, form: 'plain', keys: 'k', readAt: node.readAt } as const;
  await news.tell(node.id, { what: 'answered', stateId: 'a', ...answer });
  server.isSilent = goesAway;
  const drifted = states.drifted(node, true, () => false);
  if (goesAway) server.hangUp();
  await drifted;
  expect(news.statesOf(node.id)).toMatchObject([{ id: 'a', isOver: !goesAway }]);
});
