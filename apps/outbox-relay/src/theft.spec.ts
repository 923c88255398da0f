/** S5, with the verb that a thief of the relay's credential would use, on a real bus. What he leaves behind must heal. */
import 'reflect-metadata';
import { eventually } from '@plexsphere/testkit';
import { EVENT_STREAM, PLATFORM, SIGNING_DURATION_MS, headers as names, subjects } from '@plexsphere/wire';
import type { SignReadyReply } from '@plexsphere/wire/commands';
import { randomUUID } from 'node:crypto';
import { headers as natsHeaders, type NatsConnection } from 'nats';
import { RelayWorld, type WorldNode } from '../testing/relay-world';

jest.setTimeout(240_000); // the first run on a machine downloads the server

const FAR = 10 ** 15;
const PATIENCE = { timeoutMs: 60_000 };

let world: RelayWorld;
beforeEach(async () => {
  world = await RelayWorld.create();
});
afterEach(() => world.end());

/** Has a false answer to the Node's latest hello signed, and puts it on the Node's stream. */
async function steal(thief: NatsConnection, node: WorldNode, helloId: string): Promise<void> {
  const { epoch } = world.mesh.of(world.domain);
  const ready = { node_id: node.nodeId, hello_id: helloId, platform_epoch: 1, resumes_after: FAR, last_position: FAR };
  const request = {
    scope: world.domain,
    epoch,
    duration_ms: SIGNING_DURATION_MS,
    issued_at: new Date().toISOString(),
    readies: [{ ...ready, event_id: `${node.nodeId}/${randomUUID()}`, nonce: randomUUID() }],
  };
  const reply = await thief.request(subjects.scopeSigner(world.domain, 'sign-ready'), JSON.stringify(request));
  const [envelope = ''] = reply.json<SignReadyReply>().envelopes;
  const headers = natsHeaders();
  headers.set(names.kind, 'event');
  await thief.jetstream().publish(subjects.eventsOut(node.nodeId), envelope, { headers });
}

test('S5: a position that a thief had signed heals at the next acknowledgement, and nothing is lost', async () => {
  const node = await world.node(world.domain);
  const relay = await world.relay();
  const helloIds: string[] = [];
  const listener = await world.bus.asEverything();
  listener.subscribe(subjects.nodeHello(node.nodeId), {
    callback: (_, message) => void helloIds.push(message.json<{ hello_id: string }>().hello_id),
  });
  await listener.flush();
  await node.start();
  await world.mesh.publish(world.domain);
  await eventually(() => node.applied.length === 1, PATIENCE);
  await relay.stop();
  // The relay's rights, and no more.
  const thief = await world.bus.asRelay();
  await thief.jetstreamManager({ checkAPI: false }).then((manager) => manager.streams.info(EVENT_STREAM.name));
  await steal(thief, node, helloIds.at(-1) ?? '');
  await eventually(() => node.running.position === FAR, PATIENCE);
  await thief.close();
  const after = await world.relay();
  await world.mesh.publish(world.domain);
  // As it says by itself every minute.
  const heads = { ring: world.mesh.headAt(world.domain, 1), platform: world.mesh.headAt(PLATFORM, 1) };
  const ack = { epoch: 1, platform_epoch: 1, position: FAR, heads };
  await eventually(async () => {
    listener.publish(subjects.nodeAck(node.nodeId), JSON.stringify(ack));
    return node.applied.length === 2;
  }, PATIENCE);
  await eventually(async () => (await world.mesh.stream(node.nodeId)).settled_position === 2, PATIENCE);
  expect(node.running.position).toBe(2);
  await after.stop();
});
