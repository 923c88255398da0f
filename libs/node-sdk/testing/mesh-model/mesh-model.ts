/** The whole: both rings, one Node of each, whatever happens between them, and what must be true of it in the end. */
import type { SeededRandom } from '@plexsphere/testkit';
import { trustedKeys as ringKeys, scopePolicy } from '@plexsphere/keyring';
import { PLATFORM, publicText, scopeKind, type Scope } from '@plexsphere/wire';
import type { ChainAnchor } from '@plexsphere/wire/jws';
import { trustedKeys } from '../../src/trust-state';
import { ModelNode, type Message } from './model-node';
import { ModelRelay } from './model-relay';
import { MINUTE_MS, ORDERS, type Order } from './model-ring';
import { DOMAIN, Plane, type Whose } from './plane';
import { Thief } from './thief';

export class Violation extends Error {}

const WHOSE: readonly Whose[] = ['platform', 'domain'];

interface Ends {
  node: ModelNode;
  relay: ModelRelay;
}

export class MeshModel {
  readonly trace: string[] = [];
  thief: Thief | undefined;
  /** What was on the streams, for whoever shows it again. */
  private readonly heard: Message[] = [];

  private constructor(
    readonly plane: Plane,
    readonly ends: Record<Whose, Ends>,
  ) {}

  static async create(): Promise<MeshModel> {
    const plane = await Plane.create();
    const endsOf = async (scope: Scope): Promise<Ends> => ({
      node: new ModelNode(scope, await plane.bundle(scope)),
      relay: new ModelRelay(plane, scope),
    });
    return new MeshModel(plane, { platform: await endsOf(PLATFORM), domain: await endsOf(DOMAIN) });
  }

  async order(whose: Whose, order: Order): Promise<boolean> {
    const isDone = await this.plane.order(whose, order);
    if (isDone) this.trace.push(`${whose} ${order} → ${this.plane.rings[whose].ring.epoch}`);
    return isDone;
  }

  wait(ms: number): void {
    this.trace.push(`wait ${ms / MINUTE_MS} min`);
    this.plane.tick(ms);
  }

  fall(whose: Whose): void {
    this.trace.push(`${whose} Node falls asleep`);
    this.ends[whose].node.isAsleep = true;
  }

  wake(whose: Whose): void {
    if (!this.ends[whose].node.isAsleep) return;
    this.trace.push(`${whose} Node wakes`);
    this.ends[whose].node.wake();
  }

  /** The Node speaks, its relay answers, and either may be lost. Whether anything was sent. */
  async turn(whose: Whose, lost: { word?: boolean; message?: boolean } = {}): Promise<boolean> {
    const { node, relay } = this.ends[whose];
    this.plane.tick();
    if (!node.isAsleep) {
      const said = node.speak();
      if (lost.word !== true) relay.hear(said);
    }
    const forks = relay.lost;
    const message = await relay.next();
    if (message === undefined) return false;
    if (!mayHear(message, forks, whose))
      throw new Violation(`a Node on a fork of ${forks.join()} is sent ${describe(message)}`);
    this.heard.push(message);
    const isLost = node.isAsleep || lost.message === true;
    this.trace.push(`${whose} Node is sent ${describe(message)}${isLost ? ', lost' : ''}`);
    if (!isLost) await this.deliver(whose, message);
    return true;
  }

  steal(random: SeededRandom): void {
    const whose = random.pick(WHOSE);
    const { keys, ahead, active } = this.plane.rings[whose];
    this.stealThat(random, whose, random.pick([active, active, ahead, ...keys.values()]));
  }

  stealThat(random: SeededRandom, whose: Whose, key = this.plane.rings[whose].active): void {
    this.thief = new Thief(this.plane, random, key, whose, this.heard);
    this.trace.push(`a thief has ${key.keyId} of ${whose}`);
  }

  async strike(whose: Whose): Promise<void> {
    if (this.thief === undefined || this.ends[whose].node.isAsleep) return;
    this.plane.tick();
    const { what, message } = await this.thief.make(this.ends[whose].node);
    this.trace.push(`the thief ${what}, to the ${whose} Node`);
    await this.deliver(whose, message);
  }

  /** The best that the stolen key can do to a Node and one of its rings. */
  async strikeAt(random: SeededRandom, whose: Whose, of: Whose): Promise<void> {
    const { node } = this.ends[whose];
    if (this.thief === undefined || (whose === 'platform' && of === 'domain')) return;
    this.plane.tick();
    const { what, message } =
      random.next() < 0.15
        ? await this.thief.make(node)
        : await this.thief.forgeAs(node, of, random.pick(this.thief.able(node, of)));
    this.trace.push(`the thief ${what}, to the ${whose} Node`);
    await this.deliver(whose, message);
  }

  private async deliver(whose: Whose, message: Message): Promise<void> {
    const { node } = this.ends[whose];
    const before = this.headIndex(node);
    const refusals = node.refusals.length;
    await node.take(message, this.plane.now);
    for (const refusal of node.refusals.slice(refusals)) this.trace.push(`  refused: ${refusal}`);
    const after = this.headIndex(node);
    // By ours alone: who slept, or was set back by the recovery key's word, is ahead of nothing.
    if (after !== -1 && after < before) throw new Violation(`the platform's ring went back`);
    this.check(node);
  }

  /** What holds of a Node at every instant. */
  private check(node: ModelNode): void {
    const { ring, platform, recoveryPublicKey } = node.state;
    for (const anchor of [ring, platform]) {
      if (trustedKeys(anchor, this.plane.now).length > 2) throw new Violation('more than two keys are trusted');
    }
    const { thief } = this;
    if (thief === undefined) return;
    if (thief.isMine(recoveryPublicKey)) throw new Violation("the recovery key is a thief's");
    const has = (anchor: ChainAnchor): boolean =>
      anchor.keys.some(({ publicKey }) => thief.isMine(publicText(publicKey)));
    if (has(platform)) throw new Violation("a thief's key in the platform's anchor");
    // Who has a key of the platform's speaks for it: the Domain's is reached by a revoke.
    if (thief.whose === 'domain' && has(ring)) throw new Violation("a thief's key in the Domain's anchor");
  }

  /** No faults any more, and an operator who does what status shows to be done. */
  async settle(): Promise<void> {
    this.trace.push('— all is well from here —');
    const { thief } = this;
    const cured = new Set<Whose>();
    if (thief !== undefined) await this.throwOut(thief, cured);
    for (const whose of WHOSE) this.wake(whose);
    // The platform's Node first: whatever it shows of that ring is cured before a Domain's.
    for (const whose of WHOSE) await this.converge(whose, cured);
    for (const whose of WHOSE) await this.converge(whose, cured);
    // What a bundle from the future said is over; whoever connects anew hears the true numbers.
    this.wait(6 * MINUTE_MS);
    for (const whose of WHOSE) this.ends[whose].node.wake();
    for (const whose of WHOSE) await this.converge(whose, cured, true);
  }

  private async throwOut({ whose, key }: Thief, cured: Set<Whose>): Promise<void> {
    const ring = this.plane.rings[whose];
    if (key.keyId === 'ahead') return void (await this.order(whose, 'recommit'));
    const state = ring.ring.keys.find(({ keyId }) => keyId === key.keyId)?.state;
    if (state === 'active') await this.order(whose, 'revoke_discarding');
    else if (state === 'staged' || state === 'retiring') await this.order(whose, 'revoke_other');
    else return;
    cured.add(whose);
  }

  private async converge(whose: Whose, cured: Set<Whose>, numbersToo = false): Promise<void> {
    const { node, relay } = this.ends[whose];
    for (let messages = 0; ; messages += 1) {
      const { platform, domain } = this.plane.rings;
      const statements = platform.statements.length + domain.statements.length;
      if (messages > 20 + 2 * statements) throw new Violation(`the ${whose} Node is told for ever`);
      relay.hear(node.speak());
      await this.cure(relay, cured);
      if (!(await this.turn(whose))) break;
    }
    this.compare(node, whose, numbersToo);
  }

  private async cure(relay: ModelRelay, cured: Set<Whose>): Promise<void> {
    for (const whose of WHOSE) {
      if (!relay.forks.has(whose) || cured.has(whose)) continue;
      cured.add(whose);
      // Each Domain's is made after the platform's.
      if (whose === 'platform') cured.delete('domain');
      await this.order(whose, 'revoke_discarding');
    }
    relay.forks.clear();
  }

  private compare({ state, scope }: ModelNode, whose: Whose, numbersToo: boolean): void {
    const { now } = this.plane;
    const pairs: [string, ChainAnchor, Whose][] = [
      [`${whose} Node's platform`, state.platform, 'platform'],
      [`${whose} Node's ring`, state.ring, scope === PLATFORM ? 'platform' : 'domain'],
    ];
    for (const [name, anchor, of] of pairs) {
      const ring = this.plane.rings[of];
      const truth = ringKeys(ring.ring.keys, scopePolicy(scopeKind(ring.scope)), now);
      const held = trustedKeys(anchor, now).map(({ keyId, publicKey }) => `${keyId} ${publicText(publicKey)}`);
      const named = truth.map(({ keyId, state: is }) => ({
        is,
        text: `${keyId} ${publicText(ring.keys.get(keyId)!.privateKey)}`,
      }));
      const lacks = named.filter(
        ({ text, is }) => !held.includes(text) && !(is === 'retiring' && this.thief !== undefined),
      );
      const extra = held.filter((text) => !named.some((key) => key.text === text));
      const differs = [
        anchor.statementHash !== ring.head.hash && 'head',
        anchor.activeKeyId !== ring.active.keyId && 'active key',
        anchor.next !== ring.next && 'next',
        lacks.length > 0 && `lacks ${lacks.map(({ text }) => text).join()}`,
        extra.length > 0 && `has ${extra.join()}`,
        numbersToo && anchor.epoch !== ring.ring.epoch && `epoch ${anchor.epoch} instead of ${ring.ring.epoch}`,
      ].filter((text) => text !== false);
      if (differs.length > 0) throw new Violation(`${name} is not the true one: ${differs.join(', ')}`);
    }
    if (state.recoveryPublicKey !== publicText(this.plane.recovery.privateKey)) {
      throw new Violation(`${whose} Node's recovery key is not the true one`);
    }
  }

  private headIndex(node: ModelNode): number {
    return this.plane.rings.platform.statements.findIndex(({ hash }) => hash === node.state.platform.statementHash);
  }
}

/** Of a ring on a fork without a way back nothing is sent; of the other one what needs no bundle, or no statement of it. */
function mayHear({ kind, text }: Message, lost: readonly Whose[], whose: Whose): boolean {
  if (lost.length === 0) return true;
  if (lost.includes(whose)) return lost.length === 1 && whose === 'domain' && isChainWithoutOwn(kind, text);
  return kind === 'event';
}

const isChainWithoutOwn = (kind: Message['kind'], text: string): boolean =>
  kind === 'chain' && (JSON.parse(text) as { statements: unknown[] }).statements.length === 0;

function describe({ kind, text }: Message): string {
  if (kind === 'event') return (JSON.parse(text) as { event_type: string }).event_type;
  const { platform_statements, statements, more } = JSON.parse(text) as Record<string, unknown[]>;
  return `a chain of ${platform_statements!.length} + ${statements!.length}${more === undefined ? '' : ', more'}`;
}

export interface Faults {
  sleep: boolean;
  loss: boolean;
  theft: boolean;
}

type Deed = () => Promise<unknown> | void;

/** Plays deeds, and then all is well. Whatever is wrong is told with the story. */
async function play(model: MeshModel, deeds: Iterable<Deed>): Promise<MeshModel> {
  try {
    for (const deed of deeds) await deed();
    await model.settle();
  } catch (error) {
    if (error instanceof Error) error.message += `\n${model.trace.join('\n')}`;
    throw error;
  }
  return model;
}

/** Anything in any order. */
export async function anyStory(random: SeededRandom, steps: number, faults: Faults): Promise<MeshModel> {
  const model = await MeshModel.create();
  const share = faults.loss ? random.pick([0.1, 0.5]) : 0;
  const chance = (of: number): boolean => random.next() < of;
  const deeds: [number, Deed][] = [
    [faults.theft ? 5 : 8, () => model.order(random.pick(WHOSE), random.pick(ORDERS))],
    [2, () => model.wait(random.pick([1, 6, 40, 100]) * MINUTE_MS)],
    [8, () => model.turn(random.pick(WHOSE), { word: chance(share), message: chance(share) })],
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

const hearAll = async (model: MeshModel): Promise<void> => {
  for (const whose of WHOSE) while (!model.ends[whose].node.isAsleep && (await model.turn(whose)));
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
  const model = await MeshModel.create();
  const anyOrder = () => model.order(random.pick(WHOSE), random.pick(ORDERS));
  return play(model, [
    () => (random.next() < 0.5 ? model.order('platform', 'revoke_active') : undefined),
    () => model.order('platform', random.pick(['stage', 'rotate', 'recommit'])),
    () => model.order('domain', random.pick(['stage', 'rotate', 'recommit'])),
    () => hearAll(model),
    () => model.stealThat(random, random.next() < 0.7 ? 'platform' : 'domain'),
    () => model.strikeAt(random, random.pick(WHOSE), random.pick(WHOSE)),
    ...Array.from({ length: random.integer(0, 3) }, () => () => model.strikeAt(random, 'domain', random.pick(WHOSE))),
    ...Array.from({ length: random.integer(0, 4) }, () =>
      random.pick<Deed>([anyOrder, () => model.order('platform', 'recovery'), () => model.turn(random.pick(WHOSE))]),
    ),
  ]);
}

/** Everything that can be ordered, and time that ends what waits for it. */
const EVERYTHING: readonly (readonly [Whose, Order] | number)[] = [
  ...WHOSE.flatMap((whose) => ORDERS.map((order) => [whose, order] as const)),
  6 * MINUTE_MS,
  100 * MINUTE_MS,
];

/**
 * Every sequence of so many orders that the domain accepts, and after each of them both Nodes that fell asleep at any
 * point of it. Returns how many there were.
 */
export async function everyStory(depth: number): Promise<number> {
  let stories = 0;
  const tell = async (deeds: readonly (readonly [Whose, Order] | number)[], asleepFrom: number): Promise<boolean> => {
    const model = await MeshModel.create();
    let isRefused = false;
    const ordered = deeds.flatMap((deed, at): Deed[] => [
      () => hearAll(model),
      () => (at === asleepFrom ? WHOSE.forEach((whose) => model.fall(whose)) : undefined),
      async () => {
        if (typeof deed === 'number') model.wait(deed);
        else if (!(await model.order(...deed))) isRefused = true;
      },
    ]);
    await play(model, ordered);
    stories += isRefused ? 0 : 1;
    return !isRefused;
  };
  const grow = async (deeds: readonly (readonly [Whose, Order] | number)[]): Promise<void> => {
    for (let asleepFrom = 0; asleepFrom <= deeds.length; asleepFrom += 1) {
      if (!(await tell(deeds, asleepFrom))) return;
    }
    if (deeds.length === depth) return;
    for (const deed of EVERYTHING) {
      // Waiting twice is waiting, and waiting last changes nothing that the end does not bring.
      if (typeof deed === 'number' && (typeof deeds.at(-1) === 'number' || deeds.length + 1 === depth)) continue;
      await grow([...deeds, deed]);
    }
  };
  await grow([]);
  return stories;
}
