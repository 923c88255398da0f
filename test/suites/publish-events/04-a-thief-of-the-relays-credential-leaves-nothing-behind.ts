import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { SIGNING_DURATION_MS, headers, inboxPrefix, subjects, type Ack, type Hello } from '@plexsphere/wire';
import type { SignReady, SignReadyReply } from '@plexsphere/wire/commands';
import { connect, credsAuthenticator, headers as natsHeaders, type MsgHdrs, type NatsConnection } from 'nats';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

const FAR = 10 ** 15;

/** S5: with the real credential, at a real signer. The Node's own acknowledgements end what the thief began. */
export const step: Step = async (world) => {
  const [, node] = world.nodes;
  const [row] = await world.query<{ id: string }>(`SELECT id FROM ring.node WHERE name = 'edge-2' AND scope = $1`, [
    world.domain,
  ]);
  const nodeId = row?.id ?? '';
  const creds = await readFile(join(dirname(world.stack.tokenFile), 'outbox-relay.creds'), 'utf8');
  const thief = await connect({
    servers: world.stack.natsUrl,
    authenticator: credsAuthenticator(Buffer.from(creds)),
    inboxPrefix: inboxPrefix({ kind: 'outbox-relay' }),
  });
  world.afterwards(() => thief.close());
  const hellos: string[] = [];
  const positions: number[] = [];
  thief.subscribe(subjects.nodeHello(nodeId), {
    callback: (_, message) => void hellos.push(message.json<Hello>().hello_id),
  });
  thief.subscribe(subjects.nodeAck(nodeId), {
    callback: (_, message) => void positions.push(message.json<Ack>().position),
  });
  await thief.flush();
  await node?.stop();
  await node?.start();
  const helloId = await eventually(() => hellos.at(-1), { describe: 'the hello that the thief overhears' });

  const publishing = thief.jetstream();
  await publishing.publish(subjects.eventsOut(nodeId), await farReady(world, thief, { nodeId, helloId }), {
    headers: headersOf({ [headers.kind]: 'event' }),
  });
  // A position in a header, too, under an event that nobody signed.
  await publishing.publish(subjects.eventsOut(nodeId), '{}', {
    headers: headersOf({ [headers.kind]: 'event', [headers.position]: String(FAR) }),
  });
  await eventually(() => positions.includes(FAR), { describe: 'the Node having taken what was signed for the thief' });
  await thief.close();

  const applied = node?.applied.length ?? 0;
  const publish = ['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'];
  const { event_id: eventId } = await world.json<{ event_id: string }>(publish, '{}');
  await eventually(() => node?.applied.length === applied + 1, {
    timeoutMs: 150_000,
    describe: 'S5: the Node hearing again, once',
  });
  expect(node?.applied.at(-1)?.eventId).toBe(eventId);
  const settled = `SELECT settled_position = last_position AS done FROM outbox.node_stream WHERE node_id = $1`;
  await eventually(async () => (await world.query<{ done: boolean }>(settled, [nodeId]))[0]?.done === true, {
    timeoutMs: 150_000,
    describe: 'what was applied being settled',
  });
  // Over also for a Node that comes again from its disk.
  await node?.stop();
  await node?.start();
};

/** A true signature over a position that no event will have. */
async function farReady(
  world: World,
  thief: NatsConnection,
  { nodeId, helloId }: { nodeId: string; helloId: string },
): Promise<string> {
  const [platform] = await world.query<{ epoch: string }>(`SELECT epoch FROM ring.key_ring WHERE scope = 'platform'`);
  const ready = {
    node_id: nodeId,
    hello_id: helloId,
    platform_epoch: Number(platform?.epoch),
    resumes_after: FAR,
    last_position: FAR,
    event_id: `${nodeId}/${randomUUID()}`,
    nonce: randomUUID(),
  };
  const request: SignReady = {
    scope: world.domain,
    epoch: 1,
    duration_ms: SIGNING_DURATION_MS,
    issued_at: new Date().toISOString(),
    readies: [ready],
  };
  const reply = await thief.request(subjects.scopeSigner(world.domain, 'sign-ready'), JSON.stringify(request));
  const [envelope = ''] = reply.json<SignReadyReply>().envelopes;
  return envelope;
}

function headersOf(fields: Record<string, string>): MsgHdrs {
  const made = natsHeaders();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
}
