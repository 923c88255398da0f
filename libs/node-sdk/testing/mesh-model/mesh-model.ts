/** The whole: both rings, one Node of each, what can be done to them, and how all becomes well in the end. */
import type { SeededRandom } from '@plexsphere/testkit';
import { NonceMemory, PLATFORM, type Scope } from '@plexsphere/wire';
import { Violation, checkNode, forksOf, requireTrue, requireTurn } from './checks';
import { copied } from './copied';
import { requireLawful } from './laws';
import { ModelNode, type Message } from './model-node';
import { ModelRelay } from './model-relay';
import { MINUTE_MS, type Order } from './model-ring';
import { DOMAIN, Plane, WHOSE, type Whose } from './plane';
import { requireUnreached } from './reach';
import { Thief, type Deceit } from './thief';

interface Ends {
  node: ModelNode;
  relay: ModelRelay;
  /** Messages on their way to it. */
  late: Message[];
}

/** What becomes of one turn: of what the Node says, of what it is sent, and whether a signer can open the announcing key. */
export interface Lossy {
  word?: boolean;
  message?: boolean;
  late?: boolean;
  unopened?: boolean;
}

export class MeshModel {
  readonly trace: string[] = [];
  thief: Thief | undefined;
  /** What was on the streams, for whoever shows it again. */
  private readonly heard: Message[] = [];

  private constructor(
    readonly plane: Plane,
    readonly ends: Record<Whose, Ends>,
    /** Whether somebody hears what other Nodes are sent. */
    private readonly isWatched: boolean,
  ) {}

  static async create(isWatched = false): Promise<MeshModel> {
    const plane = await Plane.create();
    const endsOf = async (scope: Scope): Promise<Ends> => ({
      node: new ModelNode(scope, await plane.bundle(scope)),
      relay: new ModelRelay(plane, scope),
      late: [],
    });
    return new MeshModel(plane, { platform: await endsOf(PLATFORM), domain: await endsOf(DOMAIN) }, isWatched);
  }

  /** Without a thief. `plane`: what the rings have become meanwhile, by what `told` tells. */
  copy(plane: Plane = this.plane, told?: string): MeshModel {
    const nowMs = Math.max(this.plane.nowMs, plane.nowMs);
    const its = copied(plane, { nowMs });
    const endsOf = ({ node, relay, late }: Ends): Ends => ({
      node: copied(node, { nonces: new NonceMemory() }),
      relay: copied(relay, { plane: its }),
      late: [...late],
    });
    const ends = { platform: endsOf(this.ends.platform), domain: endsOf(this.ends.domain) };
    return copied<MeshModel>(this, {
      plane: its,
      ends,
      trace: told === undefined ? this.trace : [...this.trace, told],
    });
  }

  async order(whose: Whose, order: Order): Promise<boolean> {
    const isDone = await this.plane.order(whose, order);
    if (!isDone) return false;
    this.trace.push(`${whose} ${order} → ${this.plane.rings[whose].ring.epoch}`);
    // A Node that slept since it was enrolled, in the first days, comes back whenever a thief would like it to.
    if (this.isWatched) for (const scope of [PLATFORM, DOMAIN]) this.heard.push(await this.plane.wholeChain(scope));
    return true;
  }

  wait(ms: number): void {
    this.trace.push(`wait ${ms / MINUTE_MS} min`);
    this.plane.tick(ms);
  }

  /** Something happens that its Node is to hear of. */
  publish(whose: Whose): void {
    this.ends[whose].relay.hasEvent = true;
  }

  fall(whose: Whose): void {
    this.trace.push(`${whose} Node falls asleep`);
    this.ends[whose].node.isAsleep = true;
    this.ends[whose].late = [];
  }

  wake(whose: Whose): void {
    if (!this.ends[whose].node.isAsleep) return;
    this.trace.push(`${whose} Node wakes`);
    this.ends[whose].node.wake();
  }

  /** The Node speaks, its relay answers, and either may be lost, or the answer be late. Whether anything was sent. */
  async turn(whose: Whose, faults: Lossy = {}): Promise<boolean> {
    await this.listen(whose, faults);
    return this.send(whose, faults);
  }

  private async listen(whose: Whose, { word = false }: Lossy = {}): Promise<void> {
    const { node, relay, late } = this.ends[whose];
    this.plane.tick();
    for (const message of late.splice(0)) await this.deliver(whose, message);
    if (!node.isAsleep && !word) node.speak().forEach((said) => relay.hear(said));
  }

  private async send(whose: Whose, { message: isLost = false, late: isLate = false, unopened = false }: Lossy = {}) {
    const { node, relay, late } = this.ends[whose];
    const message = (await relay.next(unopened)) ?? (node.isAsleep ? undefined : await this.sendAgain(relay));
    if (message === undefined) return false;
    this.heard.push(message);
    const becomes = node.isAsleep || isLost ? ', lost' : isLate ? ', late' : '';
    this.trace.push(`${whose} Node is sent ${describe(message)}${becomes}`);
    requireTurn(this.plane, whose, message, relay);
    if (becomes === ', late') late.push(message);
    else if (becomes === '') {
      for (const before of late.splice(0)) await this.deliver(whose, before);
      await this.deliver(whose, message);
    }
    return true;
  }

  /** A relay that has nothing else to do waits until it is time for what is not settled. */
  private async sendAgain(relay: ModelRelay): Promise<Message | undefined> {
    if (relay.resendAtMs === null) return undefined;
    this.plane.tick(Math.max(0, relay.resendAtMs - this.plane.nowMs));
    return relay.next();
  }

  steal(random: SeededRandom, whose = random.pick(WHOSE)): void {
    const { keys, ahead, active, ring } = this.plane.rings[whose];
    const names = ring.keys.filter(({ state }) => state === 'staged' || state === 'retiring');
    const beside = names.map(({ keyId }) => keys.get(keyId)!);
    this.stealThat(random, whose, random.pick([active, active, ahead, ...beside, ...beside, ...keys.values()]));
  }

  stealThat(random: SeededRandom, whose: Whose, key = this.plane.rings[whose].active): void {
    this.thief = new Thief(this.plane, random, key, whose, this.heard);
    this.trace.push(`a thief has ${key.keyId} of ${whose}`);
  }

  strike(whose: Whose): Promise<void> {
    return this.deceive(whose, (thief, node) => thief.make(node));
  }

  /** What others said, and nothing that is forged. */
  show(whose: Whose): Promise<void> {
    return this.deceive(whose, (thief, node) => thief.show(node));
  }

  /** The best that the stolen key can do to a Node and one of its rings. */
  async strikeAt(random: SeededRandom, whose: Whose, of: Whose): Promise<void> {
    if (whose === 'platform' && of === 'domain') return;
    await this.deceive(whose, (thief, node) =>
      random.next() < 0.2 ? thief.make(node) : thief.forgeAs(node, of, random.pick(thief.able(node, of))),
    );
  }

  /** Every chain that was heard for it, one after the other. */
  async showAll(whose: Whose): Promise<void> {
    for (const { text } of this.thief?.chainsFor(this.ends[whose].node) ?? []) {
      await this.deceive(whose, async () => ({ what: 'repeats', message: { kind: 'chain', text } }));
    }
  }

  async deceive(whose: Whose, make: (thief: Thief, node: ModelNode) => Promise<Deceit>): Promise<void> {
    const { node } = this.ends[whose];
    if (this.thief === undefined || node.isAsleep) return;
    this.plane.tick();
    const { what, message } = await make(this.thief, node);
    this.trace.push(`the thief ${what}, to the ${whose} Node`);
    await this.deliver(whose, message);
  }

  private async deliver(whose: Whose, message: Message): Promise<void> {
    const { node } = this.ends[whose];
    const refusals = node.refusals.length;
    const step = await node.take(message, this.plane.now);
    for (const refusal of node.refusals.slice(refusals)) this.trace.push(`  refused: ${refusal}`);
    requireLawful(step, (epoch) => this.plane.rings.platform.activeAt(epoch));
    requireUnreached(step, node, this.plane, this.thief);
    checkNode(node, this.plane.now, this.thief);
  }

  /** No faults any more: what needs nobody comes by itself, and then an operator does what status shows to be done. */
  async settle(): Promise<void> {
    this.trace.push('— all is well from here —');
    for (const whose of WHOSE) this.wake(whose);
    for (const whose of WHOSE) await this.comeBack(whose);
    this.trace.push('— and somebody looks at status —');
    const { thief } = this;
    const cured = new Set<Whose>();
    if (thief !== undefined) await this.throwOut(thief, cured);
    // The platform's Node first: whatever it shows of that ring is cured before a Domain's.
    for (const whose of WHOSE) await this.converge(whose, cured);
    for (const whose of WHOSE) await this.converge(whose, cured);
    // What a bundle from the future said is over; whoever connects anew hears the true numbers.
    this.wait(6 * MINUTE_MS);
    for (const whose of WHOSE) this.ends[whose].node.wake();
    for (const whose of WHOSE) await this.converge(whose, cured, true);
  }

  /** A fork may need a revoke, and until then be told of again and again; but it holds up nothing of another ring. */
  private async comeBack(whose: Whose): Promise<void> {
    const { node } = this.ends[whose];
    const forks = forksOf(this.plane, node);
    const isTold = await this.hearOut(whose);
    if (!isTold && forks.length === 0) throw new Violation(`the ${whose} Node is told for ever`);
    if (!forks.includes('platform')) requireTrue(this.plane, node, 'platform', this.thief);
    if (whose === 'domain' && forks.length === 0) requireTrue(this.plane, node, 'domain', this.thief);
  }

  private async throwOut({ whose, key }: Thief, cured: Set<Whose>): Promise<void> {
    const ring = this.plane.rings[whose];
    if (!ring.keys.has(key.keyId)) return void (await this.order(whose, 'recommit'));
    const state = ring.ring.keys.find(({ keyId }) => keyId === key.keyId)?.state;
    if (state === 'active') await this.order(whose, 'revoke_discarding');
    else if (state === 'staged' || state === 'retiring') await this.order(whose, 'revoke_other');
    else return;
    cured.add(whose);
  }

  private async converge(whose: Whose, cured: Set<Whose>, numbersToo = false): Promise<void> {
    const { node, relay } = this.ends[whose];
    const isTold = await this.hearOut(whose, () => this.cure(relay, cured));
    if (!isTold) throw new Violation(`the ${whose} Node is told for ever`);
    if (node.isWaiting) throw new Violation(`the ${whose} Node's hello is never answered`);
    requireTrue(this.plane, node, 'platform', this.thief, numbersToo);
    if (whose === 'domain') requireTrue(this.plane, node, 'domain', this.thief, numbersToo);
  }

  /** Until nothing more is sent; false where that has no end. */
  async hearOut(whose: Whose, meanwhile = async () => {}): Promise<boolean> {
    // A hello that has crossed its answer is one again after a while.
    for (let messages = 0, quiet = 0; quiet < 3;) {
      const { platform, domain } = this.plane.rings;
      if (messages > 20 + 2 * (platform.statements.length + domain.statements.length)) return false;
      await this.listen(whose);
      await meanwhile();
      if (await this.send(whose)) [messages, quiet] = [messages + 1, 0];
      else quiet += 1;
    }
    return true;
  }

  private async cure(relay: ModelRelay, cured: Set<Whose>): Promise<void> {
    for (const whose of WHOSE) {
      if (!relay.forks.has(whose) || cured.has(whose)) continue;
      cured.add(whose);
      // Each Domain's is made after the platform's.
      if (whose === 'platform') cured.delete('domain');
      await this.order(whose, 'revoke_discarding');
    }
  }
}

function describe({ kind, text }: Message): string {
  if (kind === 'event') return (JSON.parse(text) as { event_type: string }).event_type;
  const { platform_statements, statements, more } = JSON.parse(text) as Record<string, unknown[]>;
  return `a chain of ${platform_statements!.length} + ${statements!.length}${more === undefined ? '' : ', more'}`;
}
