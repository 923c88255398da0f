/** A thief who has all keys of a ring, on a real bus with real Nodes: what he leaves behind is shown, and our revoke heals it. */
import 'reflect-metadata';
import { envelopeBy, eventually, testKey, type TestKey, type TestRing } from '@plexsphere/testkit';
import { PLATFORM, headers as names, publicText, subjects, type Scope } from '@plexsphere/wire';
import { keyHash, signStatement } from '@plexsphere/wire/jws';
import { headers as natsHeaders } from 'nats';
import { RelayWorld, type WorldNode } from '../testing/relay-world';
import type { MessageRow } from '../testing/seeded-mesh';

jest.setTimeout(240_000);

const PATIENCE = { timeoutMs: 60_000 };

let world: RelayWorld;
beforeEach(async () => {
  world = await RelayWorld.create();
});
afterEach(() => world.end());

/** By the active key, to the key that the head commits to: nothing that a Node could know is wrong with it. */
async function stolenRotation(ring: TestRing, next: TestKey): Promise<string> {
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const times = { openedAt: at(0), closesAt: at(60_000), transitionExpires: at(90_000) };
  const said = ring.rotation(next, times);
  const committed = keyHash(publicText(testKey('theirs').privateKey));
  const statement = await signStatement({ ...said, next: committed }, ring.active, next);
  const payload = {
    ...{ current: said.new_public_key, previous: said.old_public_key, transition_expires: said.transition_expires },
    ...{ scope: said.scope, old_key_id: said.old_key_id, new_key_id: said.new_key_id, opened_at: said.opened_at },
    ...{ epoch: said.epoch, statement },
  };
  return envelopeBy(ring.active, ring.scope, new Date(), { eventType: 'signing_key_rotated', payload });
}

/** With the relay's rights on the bus. */
async function put(node: WorldNode, envelope: string): Promise<void> {
  const thief = await world.bus.asRelay();
  const headers = natsHeaders();
  headers.set(names.kind, 'event');
  await thief.jetstream().publish(subjects.eventsOut(node.nodeId), envelope, { headers });
  await thief.close();
}

test.each<[string, () => Scope, boolean]>([
  ['a Domain', () => world.domain, false],
  ['the platform', () => PLATFORM, false],
  ['the platform, where a key was revoked before,', () => PLATFORM, true],
])('a Node of %s that took a thief’s rotation is ours again after our revoke', async (_, scopeOf, wasRevoked) => {
  const scope = scopeOf();
  const node = await world.node(scope);
  const standing = () => world.mesh.stream(node.nodeId);
  await world.relay();
  const other = await world.node(scope);
  await Promise.all([node.start(), other.start()]);
  const ring = world.mesh.of(scope);
  const revoke = (keyId: string) =>
    world.mesh.change(scope, (each) => each.revoke(each.active.keyId, new Date(), keyId));
  if (wasRevoked) await revoke('before');
  await eventually(async () => (await standing()).settled_epoch === ring.epoch, PATIENCE);
  await put(node, await stolenRotation(ring, { ...ring.ahead, keyId: 'thief' }));
  await eventually(() => node.running.trusts.keyIds.includes('thief'), PATIENCE);
  // An acknowledgement follows every change: it is shown at once.
  await eventually(async () => (await standing()).forked_at !== null, PATIENCE);
  await expect(standing()).resolves.toMatchObject({ told_epoch: 0, settled_epoch: 0 });
  await world.mesh.publish(scope);
  await eventually(() => other.applied.length === 1, PATIENCE);
  expect(node.applied).toEqual([]);

  await revoke('ours');
  await eventually(() => node.applied.length === 1, PATIENCE);
  expect(node.running.trusts.keyIds).toEqual(['ours']);
  // What it held before leads it nowhere: until the revoke it was sent nothing that it would refuse.
  expect(node.refused).toEqual([]);
  await eventually(async () => (await standing()).forked_at === null, PATIENCE);
  await eventually(async () => (await standing()).settled_epoch === ring.epoch, PATIENCE);
  const isApplied = ({ position, outcome }: MessageRow): boolean => position === 1 && outcome === 'applied';
  await eventually(async () => (await world.mesh.messages(node.nodeId)).some(isApplied), PATIENCE);
});
