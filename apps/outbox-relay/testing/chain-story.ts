/** For specs: Nodes that slept through chains of many links, over a real bus and with relays and Nodes that die amid one. */
import { eventually } from '@plexsphere/testkit';
import { CHAIN_STATEMENTS, PLATFORM, headers as names, parseEnvelope, subjects } from '@plexsphere/wire';
import { EventStream } from '../src/publish/event-stream';
import { Claims } from '../src/claim/claims';
import { MessageWriter } from '../src/write/message-writer';
import { Publisher } from '../src/publish/publisher';
import { RelayWorld, type WorldNode } from './relay-world';

const PATIENCE = { timeoutMs: 60_000 };

export type Whose = 'a Domain' | 'the platform';
const scopeOf = (world: RelayWorld, whose: Whose) => (whose === 'the platform' ? PLATFORM : world.domain);

/** What stands on a Node's stream, in words: how many statements a chain message has, and whether more follow. */
export async function listen(world: RelayWorld, node: WorldNode): Promise<string[]> {
  const heard: string[] = [];
  const connection = await world.bus.asEverything();
  connection.subscribe(subjects.nodeEvents(node.nodeId), {
    callback: (_, message) => {
      if (message.headers?.get(names.kind) !== 'chain') {
        heard.push(parseEnvelope(message.string()).eventType);
        return;
      }
      const chain = message.json<{ platform_statements: string[]; statements: string[]; more?: true }>();
      const links = chain.platform_statements.length + chain.statements.length;
      heard.push(`chain of ${links}${chain.more === true ? ', more' : ''}`);
    },
  });
  await connection.flush();
  return heard;
}

/** The messages in which so many links come. */
export function partsOf(links: number): string[] {
  const parts: string[] = [];
  let left = links;
  for (; left > CHAIN_STATEMENTS; left -= CHAIN_STATEMENTS) parts.push(`chain of ${CHAIN_STATEMENTS}, more`);
  return [...parts, `chain of ${left}`];
}

/** A Node that was there once, and slept since. An event waits for it. */
async function sleeper(world: RelayWorld, whose: Whose, links: number): Promise<WorldNode> {
  const scope = scopeOf(world, whose);
  const node = await world.node(scope);
  const relay = await world.relay();
  await node.start();
  if (links === 0) await tellOfARotation(world, scope, node);
  await node.stop();
  await relay.stop();
  if (links === 0) await world.mesh.closeRotation(scope);
  else await world.mesh.sleepThrough(scope, links);
  await world.mesh.publish(scope);
  return node;
}

async function tellOfARotation(world: RelayWorld, scope: string, node: WorldNode): Promise<void> {
  await world.mesh.rotate(scope, 'next');
  await eventually(async () => (await world.mesh.stream(node.nodeId)).settled_epoch === 2, PATIENCE);
}

/** Everything stands on its stream, where it did not hear it. */
const isTold = (world: RelayWorld, whose: Whose, node: WorldNode) =>
  eventually(async () => {
    const { told_epoch, chain } = await world.mesh.stream(node.nodeId);
    const sent = (await world.mesh.messages(node.nodeId)).every(({ state }) => state !== 'unsent');
    return sent && chain === null && told_epoch === world.mesh.of(scopeOf(world, whose)).epoch;
  }, PATIENCE);

/** It holds the ring's last two keys, or the one after a close; has applied what waited, and refused nothing. */
async function isAwake(world: RelayWorld, whose: Whose, node: WorldNode): Promise<void> {
  const { epoch, keys } = world.mesh.of(scopeOf(world, whose));
  await eventually(() => node.applied.length === 1 && node.running.trusts.epoch === epoch, PATIENCE);
  const trusted = keys.filter(({ state }) => state !== 'retired').map(({ keyId }) => keyId);
  expect(new Set(node.running.trusts.keyIds)).toEqual(new Set(trusted));
  await eventually(async () => {
    const { settled_epoch, settled_position, chain } = await world.mesh.stream(node.nodeId);
    return settled_epoch === epoch && settled_position === 1 && chain === null;
  }, PATIENCE);
}

/** Comes back, and everything that it hears is as long as it must be. */
export async function comesBack(whose: Whose, links: number): Promise<void> {
  const world = await RelayWorld.create();
  try {
    const node = await sleeper(world, whose, links);
    await world.relay();
    await isTold(world, whose, node);
    const heard = await listen(world, node);
    await node.begin();
    await isAwake(world, whose, node);
    const first = links === 1 ? ['signing_key_rotated'] : partsOf(links);
    // Nobody waits for a close: the Node is answered before it hears of that.
    const expected =
      links === 0 ? ['stream_ready', 'policy_updated', ...first] : [...first, 'stream_ready', 'policy_updated'];
    // Where the machine is so slow that the relay sent something again: what it sent last.
    const endedAt = heard.lastIndexOf(expected.at(-1) as string) + 1;
    expect(heard.slice(Math.max(0, endedAt - expected.length), endedAt)).toEqual(expected);
    expectPatience(node);
  } finally {
    await world.end();
  }
}

/**
 * No signer: all parts but the last are told, and nothing else is, whatever waits. Then the relay goes, or one that had
 * published the next part and never noted it, and the Node starts anew.
 */
export async function diesAmid(whose: Whose, links: number, who: 'the relay' | 'a relay unheard' | 'the Node') {
  const world = await RelayWorld.create();
  try {
    const node = await sleeper(world, whose, links);
    const telling = await world.relay();
    await isTold(world, whose, node);
    await telling.stop();
    world.endSigner();
    // One that has no bundle of the minute before.
    const first = await world.relay();
    const heard = await listen(world, node);
    await node.begin();
    const material = partsOf(links).slice(0, -1);
    await eventually(() => heard.length >= material.length, PATIENCE);
    await eventually(async () => (await world.mesh.stream(node.nodeId)).chain !== null, PATIENCE);
    if (who === 'the Node') {
      await node.stop();
      await node.begin();
      await eventually(() => heard.length >= 2 * material.length, PATIENCE);
    } else {
      await first.stop();
      if (who === 'a relay unheard') await publishUnnoted(world);
      await world.relay();
    }
    world.startSigner();
    await isAwake(world, whose, node);
    expect(heard.slice(0, material.length)).toEqual(material);
    // A chain that begins anew for whoever has taken its end, unknown to the relay, stops at their hello. Then the parts that
    // were sent count as told, and where one statement is missing behind them it comes as an announcement, which the Node
    // has applied already. Nothing else comes before the answer.
    const end = heard.indexOf(partsOf(links).at(-1) as string);
    expect(heard.slice(0, end).filter((word) => !word.startsWith('chain'))).toEqual([]);
    const ready = heard.indexOf('stream_ready');
    expect(ready).toBeGreaterThan(end);
    expect(heard.slice(end, ready)).not.toContain('policy_updated');
    expect(end).toBeGreaterThan(0);
    expectPatience(node);
  } finally {
    await world.end();
  }
}

/**
 * A chain that begins anew for a Node that has taken its end already (its word of that is late, or was lost) does not
 * continue what the Node holds: it says hello, and is told so. It refuses nothing else.
 */
const expectPatience = ({ refused }: WorldNode): void =>
  expect(refused.filter(({ reason }) => reason !== 'gap' && reason !== 'fork')).toEqual([]);

/** A relay that publishes one message and is gone before it can note that. */
async function publishUnnoted(world: RelayWorld): Promise<void> {
  world.startSigner();
  const { get } = await world.relay({ listens: false });
  const stream = get(EventStream);
  await stream.check();
  const claims = await get(Claims).take(10);
  for (const { node, message, deadline } of claims) {
    const outgoing = await get(MessageWriter).write(node, message);
    const { lastSequence } = node;
    await get(Publisher).publish(outgoing, { stream: stream.created, lastSequence, deadline });
    await world.mesh.set(node.nodeId, `claim_deadline = clock_timestamp()`);
  }
}
