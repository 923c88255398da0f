/** What chance alone hardly ever brings about, each by name: the rest of every story is chance. */
import type { SeededRandom } from '@plexsphere/testkit';
import { MeshModel } from './mesh-model';
import { MINUTE_MS, type Order } from './model-ring';
import { WHOSE, type Whose } from './plane';
import { hearAll, play, type Deed } from './stories';

/** None, or this one. */
const perhaps = (random: SeededRandom, deed: Deed, chance = 0.5): Deed[] => (random.next() < chance ? [deed] : []);

/** The first of them, by chance, that the ring's state allows. */
const orderOne = (model: MeshModel, random: SeededRandom, whose: Whose, orders: readonly Order[]): Deed => {
  const shuffled = random.shuffle(orders);
  return async () => {
    for (const order of shuffled) if (await model.order(whose, order)) return;
  };
};

/** A key comes back, early or when everybody has dropped it, and something else is ordered while that settles. */
export async function comebackStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create();
  const whose = random.pick(WHOSE);
  return play(model, [
    ...perhaps(random, () => model.order(whose, 'stage')),
    () => model.order(whose, 'rotate'),
    () => hearAll(model),
    () => model.wait(random.pick([1, 100, 100]) * MINUTE_MS),
    // No trust changes by it, but a bundle goes with it, which names a key no more whose time is over.
    ...perhaps(random, () => model.order(random.pick(WHOSE), random.pick(['recommit', 'recovery'])), 0.7),
    () => hearAll(model),
    () => model.order(whose, random.pick(['rollback', 'rollback', 'rollback_by_recovery'])),
    ...perhaps(random, () => hearAll(model)),
    () => model.wait(random.pick([1, 6]) * MINUTE_MS),
    () => model.order(whose, random.pick(['settle', 'settle', 'rotate', 'stage', 'revoke_other'])),
    ...perhaps(random, () => hearAll(model)),
    ...perhaps(random, () => model.order(whose, random.pick(['settle', 'rotate', 'recommit']))),
  ]);
}

/** The platform vouches for a Domain while its last statement names none of its keys, and goes on before that is heard. */
export async function recoveryBetweenStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create();
  return play(model, [
    () => model.order('domain', random.pick(['stage', 'rotate'])),
    () => hearAll(model),
    ...perhaps(random, () => model.order('platform', random.pick(['rotate', 'recommit']))),
    ...perhaps(random, () => model.order('platform', 'close')),
    () => model.order('platform', 'recovery'),
    () => hearAll(model),
    () => model.order('domain', random.pick(['recommit', 'recommit', 'revoke_other', 'rollback'])),
    () => model.turn('domain', { message: true }),
    () => model.order('platform', random.pick(['rotate', 'stage', 'recommit', 'unstage'])),
    ...perhaps(random, () => model.turn('domain', { message: true }), 0.2),
    () => model.turn('domain', { word: random.next() < 0.3 }),
  ]);
}

/**
 * A thief has the platform's active key and leads the Domain's Node off our chain, in either ring; until somebody throws
 * him out nothing leads back, and things go on.
 */
export async function forkStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create(true);
  const anyTurn: Deed = () => model.turn('domain', { unopened: random.next() < 0.5 });
  const anyNews: Deed = orderOne(model, random, 'domain', ['stage', 'rotate', 'unstage', 'close', 'recommit']);
  const between = random.shuffle<Deed>([
    ...perhaps(random, () => model.fall('domain')),
    ...perhaps(random, anyNews),
    ...perhaps(random, () => model.order('domain', random.pick(['revoke_active', 'rollback'])), 0.2),
    // No close: for as long as he is there his number may hide that, and the key that retires ends by itself.
    ...perhaps(random, () => model.order('platform', random.pick(['rotate', 'recovery', 'recommit'])), 0.2),
    ...perhaps(random, () => model.publish('domain')),
    ...perhaps(random, anyTurn),
  ]);
  return play(model, [
    ...perhaps(random, () => model.order('domain', random.pick(['stage', 'rotate']))),
    // Which he may take back: what else he might say of that ring needs another key than his.
    () => model.order('platform', 'stage'),
    () => hearAll(model),
    () => model.stealThat(random, 'platform'),
    () => model.deceive('domain', (thief, node) => thief.leadOff(node, random.next() < 0.7 ? 'platform' : 'domain')),
    ...between,
    () => model.wake('domain'),
    anyTurn,
    anyTurn,
    ...perhaps(random, orderOne(model, random, 'domain', ['stage', 'rotate', 'unstage', 'close'])),
    anyTurn,
  ]);
}

/** A thief has the platform's active key and says numbers that are none; hardly anything that comes after puts them right. */
export async function misnumberedStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create(true);
  const whose = random.pick(WHOSE);
  return play(model, [
    ...perhaps(random, () => model.order(random.pick(WHOSE), random.pick(['stage', 'rotate', 'recommit']))),
    () => hearAll(model),
    () => model.stealThat(random, 'platform'),
    () => model.deceive(whose, (thief, node) => thief.misnumber(node)),
    ...perhaps(random, () => model.turn(whose)),
  ]);
}

/** A thief has the platform's active key and vouches by it for a Domain, as of when another one was active. */
export async function elsewhenStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create(true);
  return play(model, [
    () => model.order('platform', random.pick(['rotate', 'revoke_active'])),
    ...perhaps(random, () => model.order('platform', 'close')),
    () => model.order('domain', random.pick(['rotate', 'stage'])),
    () => hearAll(model),
    () => model.stealThat(random, 'platform'),
    () =>
      model.deceive('domain', (thief, node) => {
        return thief.forgeAs(node, 'domain', random.pick(thief.able(node, 'domain')), 'authority_epoch');
      }),
    ...perhaps(random, () => model.show('domain')),
  ]);
}

/**
 * What replaces whatever is held, and what comes after it, which a bundle confirms; then a thief leads the Node off by
 * something that says it is older, and shows again all that was said within five minutes.
 */
export async function overtakenStory(random: SeededRandom): Promise<MeshModel> {
  const model = await MeshModel.create(true);
  return play(model, [
    ...perhaps(random, () => model.order('domain', random.pick(['rotate', 'stage']))),
    () => model.order('domain', random.pick(['revoke_active', 'revoke_discarding', 'revoke_other', 'rollback'])),
    () => hearAll(model),
    () => model.order('domain', 'stage'),
    () => hearAll(model),
    // A statement of the platform's would show by itself that what is shown again is older.
    () => model.order('domain', 'recommit'),
    () => hearAll(model),
    () => model.stealThat(random, 'domain'),
    () => model.deceive('domain', (thief, node) => thief.leadOff(node, 'domain')),
    () => model.showAll('domain'),
  ]);
}
