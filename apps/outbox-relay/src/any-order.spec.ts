/**
 * Whatever happens in whatever order (relays that die at any point, Nodes that lose messages, acknowledgements or their
 * store, rotations, closes, a stream that is lost): a Node meets nothing by a key that it was not told of, nothing comes
 * between two parts of a chain, and in the end it holds the ring and has applied every event. On a real PostgreSQL.
 */
import 'reflect-metadata';
import { seededRandom } from '@plexsphere/testkit';
import { ClaimWorld } from '../testing/claim-world';
import { ModelBus } from '../testing/model-bus';
import { ModelNode } from '../testing/model-node';

jest.setTimeout(600_000);

const STEPS = 150;
const ROUNDS = 200;
/** More than one part, from any statement of the first few on. */
const SLEPT = 300;

let world: ClaimWorld;
beforeEach(async () => {
  world = await ClaimWorld.create();
});
afterEach(() => world.end());

test('P-1, P-4: any order ends well', async () => {
  const random = seededRandom();
  const { mesh, domain } = world;
  const ids = await Promise.all([1, 2, 3].map(() => mesh.node(domain)));
  await mesh.sleepThrough(domain, SLEPT);
  const statements = [1, ...Array.from({ length: SLEPT }, (_, i) => 2 * i + 2)];
  const before = (statement: number) => statements[statements.indexOf(statement) - 1];
  const nodes = ids.map((id) => new ModelNode(id, world, before));
  const between = () => random.pick(meanwhile)();
  const bus = new ModelBus(world, nodes, random, () => statements, between);
  let published = 0;
  const change = async (): Promise<void> => {
    if (mesh.of(domain).keys.some(({ state }) => state === 'retiring')) return void (await mesh.closeRotation(domain));
    await mesh.rotate(domain, `k-${statements.length}`);
    statements.push(mesh.of(domain).epoch);
  };
  /** Between any two messages of one claim, too. */
  const meanwhile: (() => Promise<unknown>)[] = [
    change,
    () => random.pick(nodes).sayHello(),
    () => random.pick(nodes).acknowledge(),
    () => mesh.publish(domain).then(() => published++),
    () => bus.die({ published: true }),
  ];
  const deeds: (() => Promise<unknown>)[] = [
    ...Array.from({ length: 6 }, () => () => bus.deliver(1)),
    () => bus.deliver(0.6),
    () => bus.die({ published: true }),
    () => bus.die({ published: false }),
    () => random.pick(nodes).sayHello(),
    ...Array.from({ length: 3 }, () => () => random.pick(nodes).acknowledge()),
    () => (random.next() < 0.3 ? random.pick(nodes).loseStore() : Promise.resolve()),
    () => (random.next() < 0.3 ? bus.loseStream() : Promise.resolve()),
    () => mesh.publish(domain).then(() => published++),
    () => (random.next() < 0.4 ? change() : Promise.resolve()),
  ];
  for (let step = 0; step < STEPS; step++) await random.pick(deeds)();

  const isOver = (node: ModelNode): boolean =>
    node.isSettled && node.epoch === mesh.of(domain).epoch && node.applied.size === published;
  for (let round = 0; round < ROUNDS && !nodes.every(isOver); round++) {
    if (round % 20 === 0) {
      for (const node of nodes) {
        if (!node.isSettled) await node.sayHello();
        // What nothing came after was lost unseen: it is sent again, and here nobody waits for that.
        await mesh.set(node.id, `resend_at = resend_at - interval '1 minute'`);
      }
    }
    while (await bus.deliver(1));
    for (const node of nodes) await node.acknowledge();
  }
  for (const node of nodes) await node.acknowledge();
  for (const node of nodes) {
    expect(node.violations).toEqual([]);
    expect(isOver(node)).toBe(true);
    expect(new Set(node.applied.values()).size).toBe(published);
    const { epoch } = mesh.of(domain);
    const settled = { settled_epoch: epoch, told_epoch: epoch, settled_position: published, chain: null };
    await expect(mesh.stream(node.id)).resolves.toMatchObject(settled);
  }
});
