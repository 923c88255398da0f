/** What may happen, by chance, and that all is well in the end. */
import type { SeededRandom } from '@plexsphere/testkit';
import { MeshModel, type Lossy } from './mesh-model';
import { MINUTE_MS, ORDERS, type Order } from './model-ring';
import { WHOSE, type Whose } from './plane';

export interface Faults {
  sleep: boolean;
  loss: boolean;
  theft: boolean;
}

export type Deed = () => Promise<unknown> | void;

/** Plays deeds, and then all is well. Whatever is wrong is told with the story. */
export async function play(model: MeshModel, deeds: Iterable<Deed>): Promise<MeshModel> {
  try {
    for (const deed of deeds) await deed();
    await model.settle();
  } catch (error) {
    if (error instanceof Error) error.message += `\n${model.trace.join('\n')}`;
    throw error;
  }
  return model;
}

const fewOrders = (random: SeededRandom, most: number): (readonly [Whose, Order])[] =>
  random
    .shuffle(WHOSE.flatMap((whose) => ORDERS.map((order) => [whose, order] as const)))
    .slice(0, random.integer(3, most));

/** Anything in any order; of what can be ordered each story has a few, so that they meet as often as they can. */
export async function anyStory(random: SeededRandom, steps: number, faults: Faults): Promise<MeshModel> {
  const model = await MeshModel.create(faults.theft);
  const share = faults.loss ? random.pick([0.1, 0.5]) : 0;
  const chance = (of: number): boolean => random.next() < of;
  const few = fewOrders(random, 2 * ORDERS.length);
  const ill = (): Lossy =>
    faults.loss ? { word: chance(share), message: chance(share), late: chance(0.1), unopened: chance(0.1) } : {};
  const deeds: [number, Deed][] = [
    [faults.theft ? 5 : 8, () => model.order(...random.pick(few))],
    [2, () => model.wait(random.pick([1, 6, 40, 100]) * MINUTE_MS)],
    [8, () => model.turn(random.pick(WHOSE), ill())],
    [2, () => model.publish(random.pick(WHOSE))],
    [faults.sleep ? 0.7 : 0, () => model.fall(random.pick(WHOSE))],
    [faults.sleep ? 0.7 : 0, () => model.wake(random.pick(WHOSE))],
    [faults.theft ? 3 : 0, () => (model.thief === undefined ? model.steal(random) : undefined)],
    [faults.theft ? 9 : 0, () => model.strike(random.pick(WHOSE))],
  ];
  const total = deeds.reduce((sum, [weight]) => sum + weight, 0);
  const drawn = Array.from({ length: steps }, () => {
    let at = random.next() * total;
    return deeds.find(([weight]) => (at -= weight) < 0)![1];
  });
  return play(model, drawn);
}

export const hearAll = async (model: MeshModel): Promise<void> => {
  for (const whose of WHOSE) if (!model.ends[whose].node.isAsleep) await model.hearOut(whose);
};

/** News of both rings that cross: what the platform vouches for is lost, and its own is heard meanwhile. */
export async function crossingStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create();
  const own = () => model.order('domain', random.pick(['rollback', 'revoke_other', 'recommit', 'revoke_active']));
  const theirs = () => model.order('platform', random.pick(['rotate', 'close', 'recovery', 'recommit', 'stage']));
  const times = (most: number, deed: Deed): Deed[] => Array.from({ length: random.integer(0, most) }, () => deed);
  return play(model, [
    () => model.order('domain', random.pick(['stage', 'rotate'])),
    ...times(2, theirs),
    () => hearAll(model),
    ...times(1, theirs),
    own,
    ...times(2, () => model.turn('domain', { word: random.next() < 0.5, message: true })),
    ...times(2, theirs),
    ...times(3, () => model.turn('domain', { word: true })),
    ...times(1, own),
    ...times(1, theirs),
  ]);
}

/** The best that each key can do, in each state of its ring, whatever is ordered before the Nodes speak again. */
export async function theftStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create(true);
  const few = fewOrders(random, 6);
  const anyOrder = () => model.order(...random.pick(few));
  return play(model, [
    () => (random.next() < 0.5 ? model.order('platform', 'revoke_active') : undefined),
    () => model.order('platform', random.pick(['stage', 'rotate', 'recommit'])),
    () => model.order('domain', random.pick(['stage', 'rotate', 'recommit'])),
    () => hearAll(model),
    () => {
      const whose = random.next() < 0.7 ? 'platform' : 'domain';
      if (random.next() < 0.6) model.stealThat(random, whose);
      else model.steal(random, whose);
    },
    () => model.strikeAt(random, random.pick(WHOSE), random.pick(WHOSE)),
    ...Array.from({ length: random.integer(0, 3) }, () => () => model.strikeAt(random, 'domain', random.pick(WHOSE))),
    ...Array.from({ length: random.integer(0, 6) }, () =>
      random.pick<Deed>([
        anyOrder,
        anyOrder,
        () => model.order('platform', 'recovery'),
        () => model.turn(random.pick(WHOSE)),
        () => model.show(random.pick(WHOSE)),
      ]),
    ),
  ]);
}

const COMMON: readonly Order[] = ['stage', 'rotate', 'rotate', 'close', 'rollback', 'revoke_active', 'revoke_other'];

/** News follow each other fast, and a thief shows again, to whoever slept or did not, what was said meanwhile. */
export async function replayStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create(true);
  const whose = (): Whose => (random.next() < 0.7 ? 'domain' : 'platform');
  const deeds: readonly Deed[] = [
    ...Array<Deed>(4).fill(() => model.order(whose(), random.pick(random.next() < 0.8 ? COMMON : ORDERS))),
    ...Array<Deed>(4).fill(() => hearAll(model)),
    () => model.wait(random.pick([1, 6, 6]) * MINUTE_MS),
    () => model.fall(whose()),
    () => WHOSE.forEach((each) => model.wake(each)),
  ];
  const times = (least: number, most: number, deed: () => Deed): Deed[] =>
    Array.from({ length: random.integer(least, most) }, () => async () => deed()());
  // What replaces whatever is held, and what comes after it.
  const replaced: Deed[] = [
    () => model.order('domain', random.pick(['revoke_active', 'revoke_active', 'revoke_other', 'rollback'])),
    () => hearAll(model),
    () => model.order('domain', random.pick(['rotate', 'stage', 'revoke_active'])),
    () => hearAll(model),
  ];
  return play(model, [
    ...times(2, 10, () => random.pick(deeds)),
    ...(random.next() < 0.5 ? replaced : []),
    () => model.steal(random, whose()),
    () => WHOSE.forEach((each) => model.wake(each)),
    ...times(2, 8, () => {
      const at = whose();
      const what = random.next();
      return what < 0.2 ? random.pick(deeds) : () => (what < 0.4 ? model.strikeAt(random, at, at) : model.show(at));
    }),
  ]);
}
