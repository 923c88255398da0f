/** A story as it goes on: everybody is prompt but who is held up, and the Node's own beats come in their time. */
import type { SeededRandom } from '@plexsphere/testkit';
import { ACTORS } from './actors';
import { Violation } from './checks';
import { GoMesh } from './go-mesh';

const TICK_MS = 1_000;
const BEATS_MS = 30_000;
const RECONCILES_MS = 60_000;

export class Tale {
  /** Who does nothing; `cuts` and `beats`: the Node's threads, of which one may stand still. */
  readonly held = new Set<string>();
  private beatAtMs: number;
  private stateAtMs: number;

  constructor(
    readonly mesh: GoMesh,
    readonly random: SeededRandom,
    firstStateMs = random.pick([0, 1_000, 30_000]),
  ) {
    this.beatAtMs = mesh.nowMs;
    this.stateAtMs = mesh.nowMs + firstStateMs;
  }

  hold(...names: string[]): void {
    for (const name of names) this.held.add(name);
    this.mesh.note(`— held up: ${[...this.held].join(' ')} —`);
  }

  release(...names: string[]): void {
    for (const name of names.length > 0 ? names : this.held) this.held.delete(name);
    this.quiet();
  }

  /** Everybody does what there is to do. */
  quiet(): void {
    const actors = Object.entries(ACTORS).filter(([name]) => !this.held.has(name));
    for (let rounds = 0; rounds < 500; rounds += 1) {
      let isDone = true;
      for (const [, step] of actors) if (step(this.mesh, this.random)) isDone = false;
      if (isDone) return;
    }
    throw new Violation('there is no end of it');
  }

  /** One of them alone, until it has nothing to do. */
  only(...names: string[]): void {
    for (const name of names) while (ACTORS[name]!(this.mesh, this.random));
  }

  /** So long, or until that is so; whether it is. */
  pass(ms: number, isSo: () => boolean = () => false): boolean {
    const endsAtMs = this.mesh.nowMs + ms;
    for (;;) {
      this.quiet();
      if (isSo()) return true;
      if (this.mesh.nowMs >= endsAtMs) return false;
      this.tick();
    }
  }

  /** What has to come about, soon. */
  until(what: string, isSo: () => boolean, withinMs = 4 * 60_000): void {
    if (!this.pass(withinMs, isSo)) throw new Violation(`${what}: ${JSON.stringify(this.mesh.relay.node)}`);
  }

  /** The Node's beats fall together, in the worst way: cut and heartbeat in one instant. */
  tick(): void {
    const { mesh, held } = this;
    mesh.wait(TICK_MS);
    if (!held.has('cuts')) mesh.cutOldStream();
    if (held.has('beats')) return;
    if (mesh.nowMs >= this.beatAtMs) {
      this.beatAtMs += BEATS_MS;
      const { waits, settledEpoch } = mesh.relay.node;
      if (waits || settledEpoch !== mesh.ring.ring.trustEpoch) this.stateAtMs = mesh.nowMs;
    }
    if (mesh.nowMs >= this.stateAtMs) {
      mesh.askState(this.random.integer(0, 1));
      this.stateAtMs = mesh.nowMs + RECONCILES_MS;
    }
  }
}

/** A Node that has come in: it has taken a state, and an id. */
export function comeIn(mesh: GoMesh, random: SeededRandom): Tale {
  const tale = new Tale(mesh, random);
  tale.until('does not come in', () => mesh.isSettled);
  mesh.note('— the Node has come in —');
  return tale;
}

/** Everybody prompt, the Node by its clock: all that is open must be proven within minutes, twice. */
export function settle(mesh: GoMesh, random: SeededRandom): void {
  mesh.note('— all is well from here —');
  mesh.endTwin();
  const soon = new Date(mesh.nowMs + 20 * 60_000);
  if (mesh.ring.keys.some(({ rotateBy, state }) => state === 'staged' && rotateBy! < soon)) mesh.order('unstage');
  const first = new Tale(mesh, random);
  // Whether a gateway sees at once that its Node has left a stream, or never.
  const noticing = random.next() < 0.5;
  if (!noticing) first.held.add('notices');
  first.until('not settled', () => mesh.isSettled, 8 * 60_000);
  mesh.publishEvent();
  if (!mesh.order('rotate')) {
    mesh.order('close');
    mesh.order('settle');
    mesh.order('rotate');
  }
  const second = new Tale(mesh, random);
  if (!noticing) second.held.add('notices');
  second.until('not settled again', () => mesh.isSettled);
}

/** A violation is told with its story. */
export function told(mesh: GoMesh, tell: () => void): GoMesh {
  try {
    tell();
    return mesh;
  } catch (err) {
    throw new Violation(`${(err as Error).stack}\n${mesh.trace.join('\n')}`);
  }
}
