/**
 * Every state that so many orders can lead to, with so many faults between them, in any order and at any time: each once,
 * whatever led to it. From each of them everything becomes well without anybody's doing.
 *
 * There is no thief, so no Node has anything to do with the other: each is searched for by itself, with the rings of its
 * own. A Node that sleeps is one whose turn does not come.
 */
import { Violation, requireTrue } from './checks';
import { MeshModel, type Lossy } from './mesh-model';
import { ORDERS, WAITS_MS, type Order } from './model-ring';
import { WHOSE, type Plane, type Whose } from './plane';
import { sketchOf } from './sketch';

interface Cost {
  orders: number;
  faults: number;
}

/** Where a turn without a fault leads, so that what comes after it need not be gone through again from each state. */
interface Turn {
  to: string;
  isSent: boolean;
  trace: readonly string[];
}

export class EveryState {
  /** What each was reached for; more than once where one way had fewer orders and another fewer faults. */
  private readonly paid = new Map<string, Cost[]>();
  private readonly turns = new Map<string, Turn>();
  private readonly ordered = new WeakMap<Plane['rings'], Map<string, Plane | undefined>>();

  constructor(
    private readonly whose: Whose,
    private readonly most: Cost,
  ) {}

  /** Returns how many states there were. */
  async search(): Promise<number> {
    const begin = await MeshModel.create();
    const frontier: { model: MeshModel; sketch: string; cost: Cost }[] = [];
    const reach = (model: MeshModel, cost: Cost): string => {
      const sketch = sketchOf(model, this.whose);
      if (this.isNews(sketch, cost)) frontier.push({ model, sketch, cost });
      return sketch;
    };
    reach(begin, { orders: 0, faults: 0 });
    for (let state = frontier.shift(); state !== undefined; state = frontier.shift()) {
      const { model, sketch, cost } = state;
      await this.takeTurns(model, sketch, cost, reach);
      if (cost.orders < this.most.orders) await this.takeOrders(model, { ...cost, orders: cost.orders + 1 }, reach);
    }
    this.requireGoodEnds();
    return this.paid.size;
  }

  private isNews(sketch: string, cost: Cost): boolean {
    const before = this.paid.get(sketch) ?? [];
    if (before.some(({ orders, faults }) => orders <= cost.orders && faults <= cost.faults)) return false;
    this.paid.set(sketch, [...before, cost]);
    return true;
  }

  private async takeTurns(model: MeshModel, sketch: string, cost: Cost, reach: Reach): Promise<void> {
    const { whose } = this;
    const well = model.copy();
    const isSent = await well.turn(whose);
    const to = reach(well, cost);
    this.turns.set(sketch, { to, isSent, trace: well.trace });
    if (to === sketch && !isSent) this.requireWell(well);
    if (cost.faults === this.most.faults) return;
    const faults: Lossy[] = isSent ? [{ word: true }, { message: true }, { unopened: true }] : [{ word: true }];
    for (const fault of faults) {
      const copy = model.copy();
      await copy.turn(whose, fault);
      reach(copy, { ...cost, faults: cost.faults + 1 });
    }
  }

  private async takeOrders(model: MeshModel, cost: Cost, reach: Reach): Promise<void> {
    for (const of of this.rings) {
      for (const order of ORDERS) {
        const plane = await this.planeAfter(model.plane, of, order);
        if (plane !== undefined) reach(model.copy(plane, `${of} ${order} → ${plane.rings[of].ring.epoch}`), cost);
      }
    }
    for (const ms of WAITS_MS) {
      const copy = model.copy();
      copy.wait(ms);
      reach(copy, cost);
    }
  }

  /** What is ordered of rings has nothing to do with who has heard what: each is signed once. */
  private async planeAfter(plane: Plane, of: Whose, order: Order): Promise<Plane | undefined> {
    const known = this.ordered.get(plane.rings) ?? new Map<string, Plane | undefined>();
    this.ordered.set(plane.rings, known);
    const name = `${of} ${order} ${Math.floor(plane.nowMs / 60_000)}`;
    if (!known.has(name)) known.set(name, await plane.ordered(of, order));
    return known.get(name);
  }

  /** Where the Node's turn comes again and again it ends, and soon. */
  private requireGoodEnds(): void {
    const left = new Map<string, number>();
    for (const begin of this.turns.keys()) {
      const way = new Set<string>();
      let at = begin;
      for (; !left.has(at) && !way.has(at); at = this.turns.get(at)!.to) way.add(at);
      const { to, isSent } = this.turns.get(at)!;
      if (!left.has(at) && (to !== at || isSent)) this.fail(at, 'is told for ever');
      let messages = left.get(at) ?? 0;
      for (const each of [...way].reverse()) {
        if (each !== at) messages += this.turns.get(each)!.isSent ? 1 : 0;
        left.set(each, messages);
      }
      if (messages > 20 + 2 * this.most.orders) this.fail(begin, `is told in ${messages} messages`);
    }
  }

  private requireWell({ ends, plane, trace }: MeshModel): void {
    try {
      for (const of of this.rings) requireTrue(plane, ends[this.whose].node, of, undefined, true);
      if (ends[this.whose].node.isWaiting) throw new Violation(`the ${this.whose} Node's hello is never answered`);
    } catch (error) {
      if (error instanceof Error) error.message += `\n${trace.join('\n')}`;
      throw error;
    }
  }

  private fail(sketch: string, text: string): never {
    throw new Violation([`the ${this.whose} Node ${text}`, ...this.turns.get(sketch)!.trace].join('\n'));
  }

  private get rings(): Whose[] {
    return WHOSE.slice(0, WHOSE.indexOf(this.whose) + 1);
  }
}

type Reach = (model: MeshModel, cost: Cost) => string;
