import { randomBytes, randomUUID } from 'node:crypto';
import type { LogLine } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';
import { encodeBusPublicKey, subjects } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { admin, askAs, dial, dialAs, known, makeNode, makeToken } from './hands';

const REMOVALS = 20_000;

/** S3: revocations never end by being many. */
export const step: Step = async (world) => {
  const { domain } = world;
  const chief = await admin(world);
  const leaver = await makeToken(world, { name: 'late-leaver', role: 'viewer' });
  const node = await makeNode(world, domain, 'edge-late');
  const connected = await dial(world, node.creds, { kind: 'node', id: node.id });
  const open = await dialAs(world, leaver);

  // edge-1 was removed before all of them.
  const keys = Array.from({ length: REMOVALS }, () => encodeBusPublicKey('user', randomBytes(32)));
  await world.query(
    `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at) SELECT unnest($1::text[]), 'node', clock_timestamp()`,
    [keys],
  );
  const removed = await askAs(world, chief, 'node.remove', { node_id: node.id });
  expect(removed).toMatchObject({ code: 'OK', body: { pushed: true } });
  await connected.closed();
  const revoked = await askAs(world, chief, 'token.revoke', { id: leaver.id });
  expect(revoked).toMatchObject({ code: 'OK', body: { pushed: true } });
  await open.closed();
  const refused = { code: 'AUTHORIZATION_VIOLATION' };
  await expect(dial(world, node.creds, { kind: 'node', id: node.id })).rejects.toMatchObject(refused);
  await expect(dialAs(world, leaver)).rejects.toMatchObject(refused);
  const [account] = await world.query<{ bytes: number }>(
    'SELECT octet_length(bus_account_jwt) AS bytes FROM ring.installation',
  );
  expect(account?.bytes).toBeLessThan(512_000);

  // The first has left the list. Whoever has its credential comes in, and is nobody there.
  const first = known(world, 'edge-1');
  const streamOf = () => world.query('SELECT * FROM outbox.node_stream WHERE node_id = $1', [first.id]);
  const before = await streamOf();
  const back = await dial(world, first.creds, { kind: 'node', id: first.id });
  const heard: string[] = [];
  back.subscribe(subjects.nodeEvents(first.id), { callback: (_, message) => void heard.push(message.string()) });
  const heads = { ring: 'r'.repeat(43), platform: 'p'.repeat(43) };
  const said = { epoch: 99, platform_epoch: 99, position: 99, heads };
  back.publish(subjects.nodeHello(first.id), JSON.stringify({ hello_id: randomUUID(), ...said }));
  back.publish(subjects.nodeAck(first.id), JSON.stringify(said));
  await back.flush();
  const [relay] = world.stack.services('outbox-relay');
  const isOfFirst = (line: LogLine): boolean =>
    line.msg === 'hello of a Node that is not enrolled' && line['node'] === first.id;
  await eventually(() => relay?.logs().some(isOfFirst));
  const edge2 = world.nodes[1];
  const applied = edge2?.applied.length ?? 0;
  await world.json(['events', 'publish', '--scope', domain, '--event-type', 'route_updated'], '{}');
  await eventually(() => (edge2?.applied.length ?? 0) > applied, { describe: 'edge-2 having applied the event' });
  expect(heard).toEqual([]);
  expect(await streamOf()).toEqual(before);
  await back.close();
};
