/**
 * Whatever happens in whatever order (relays that die at any point, members that lose messages, acknowledgements or their
 * store, changes of a channel's rings, news that expire, a stream that is lost): in the end each member holds its rings as
 * they are, no position has two events, and nothing waits. On a real PostgreSQL. MODEL_STORIES makes it longer.
 */
import 'reflect-metadata';
import { seededRandom } from '@plexsphere/testkit';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { ClaimWorld } from '../testing/claim-world';
import { ModelBus } from '../testing/model-bus';
import { ModelNode } from '../testing/model-node';
import { SeededChannel } from '../testing/seeded-channel';
import { expireMessages } from './housekeeping/expire-messages';

jest.setTimeout(600_000);

const STEPS = 250;
const ROUNDS = 60;
const STORIES = Number(process.env['MODEL_STORIES'] ?? 1);

let world: ClaimWorld;
beforeEach(async () => {
  world = await ClaimWorld.create();
});
afterEach(() => world.end());

const random = seededRandom();

test.each(Array.from({ length: STORIES }, (_, story) => [story + 1]))(
  'any order ends with what each member is to hold: story %i',
  async () => {
    const { mesh, source } = world;
    const channel = await SeededChannel.create(mesh.pool);
    const ids = await Promise.all([1, 2, 3].map(() => mesh.node(PLATFORM)));
    for (const [at, id] of ids.entries()) await channel.member(id, at === 0 ? 'app' : 'web');
    const nodes = ids.map((id) => new ModelNode(id, world, () => undefined));
    const bus = new ModelBus(world, nodes, random, () => [1]);
    /** By Node and ring, what it has been told of. */
    const due = new Map<string, number>();
    const change = async (): Promise<void> => {
      const scope = random.pick(channel.rings);
      const told = ids.filter(() => random.next() < 0.7);
      const epoch = await channel.change(scope, ...told);
      for (const id of told) due.set(`${id} ${scope}`, epoch);
    };
    /** Of one that was away for so long. */
    const expire = async (): Promise<void> => {
      const { id } = random.pick(nodes);
      await mesh.set(id, `last_seen_at = now() - interval '1 day', hello = NULL`);
      await source.transaction((manager) => expireMessages(manager, 0));
      await mesh.set(id, 'last_seen_at = now()');
    };
    const deeds: (() => Promise<unknown>)[] = [
      ...Array.from({ length: 6 }, () => () => bus.deliver(1)),
      () => bus.deliver(0.6),
      () => bus.giveBack(),
      () => bus.die({ published: true }),
      () => bus.die({ published: false }),
      () => random.pick(nodes).sayHello(),
      ...Array.from({ length: 3 }, () => () => random.pick(nodes).acknowledge()),
      () => (random.next() < 0.3 ? random.pick(nodes).loseStore() : Promise.resolve()),
      () => (random.next() < 0.3 ? bus.loseStream() : Promise.resolve()),
      () => (random.next() < 0.3 ? expire() : Promise.resolve()),
      () => mesh.publish(PLATFORM),
      change,
      change,
    ];
    for (let step = 0; step < STEPS; step++) await random.pick(deeds)();

    const holds = ({ id, held }: ModelNode, scope: Scope): boolean =>
      (held.get(scope) ?? 0) >= (due.get(`${id} ${scope}`) ?? 0);
    const isOver = async (node: ModelNode): Promise<boolean> =>
      node.isSettled &&
      channel.rings.every((scope) => holds(node, scope)) &&
      (await mesh.messages(node.id)).every(({ state }) => state === 'settled');
    const areOver = async (): Promise<boolean> => (await Promise.all(nodes.map(isOver))).every(Boolean);
    // Whoever's news have expired says hello one day.
    for (const node of nodes) await node.sayHello();
    for (let round = 0; round < ROUNDS && !(await areOver()); round++) {
      if (round % 20 === 0) {
        for (const node of nodes) {
          if (!node.isSettled) await node.sayHello();
          // What nothing came after was lost unseen: it is sent again, and here nobody waits for that.
          await mesh.set(node.id, `resend_at = resend_at - interval '1 minute'`);
        }
      }
      for (let turn = 0; turn < 100 && (await bus.deliver(1)); turn++);
      for (const node of nodes) await node.acknowledge();
    }
    for (const node of nodes) {
      expect(node.violations).toEqual([]);
      expect(channel.rings.filter((scope) => !holds(node, scope))).toEqual([]);
      expect(await isOver(node)).toBe(true);
    }
  },
);
