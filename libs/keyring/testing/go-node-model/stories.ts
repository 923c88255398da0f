/** What happens: anything, in any order; then nothing bad any more, and all must come right soon. */
import type { SeededRandom } from '@plexsphere/testkit';
import { GoMesh, Violation } from './go-mesh';
import { RING_ORDERS } from './model-go-ring';

/** How long something is held up, or nothing happens. */
const SPANS_MS = [500, 2_000, 6_000, 20_000, 31_000, 61_000, 130_000, 250_000, 301_000];
const TICK_MS = 1_000;

/** One step of somebody; whether there was one to do. */
type Step = (mesh: GoMesh, random: SeededRandom) => boolean;

const ofGateway = (index: number): Record<string, Step> => ({
  [`hear${index}`]: (mesh) => mesh.hear(index),
  [`rows${index}`]: (mesh, random) => {
    const gateway = mesh.gateways[index]!;
    const { busy } = gateway;
    if (busy.length > 0) gateway.readRow(random.pick(busy));
    return busy.length > 0;
  },
  [`clock${index}`]: (mesh) => {
    mesh.gateways[index]!.tick();
    return false;
  },
});

/** Who acts by itself, each in its own time. */
const ACTORS: Readonly<Record<string, Step>> = {
  ...ofGateway(0),
  ...ofGateway(1),
  opens: (mesh, random) => {
    if (mesh.process.connection !== null) return false;
    mesh.openStream(random.integer(0, 1));
    return true;
  },
  reads: (mesh) => mesh.read(),
  answers: (mesh) => mesh.answerState(),
  worksIn: (mesh) => mesh.workIn(),
  drifts: (mesh, random) => mesh.sayDrift(random.integer(0, 1)),
  notices: (mesh) => mesh.noticeLeft(),
  words: (mesh, random) => mesh.words.length > 0 && mesh.takeWord(random.integer(0, mesh.words.length - 1)),
  claims: (mesh) => mesh.relay.doClaim(mesh.now),
  signs: (mesh) => mesh.relay.sign(mesh.relay.claim, mesh.now),
  publishes: (mesh) => mesh.publish(mesh.relay.claim),
  marks: (mesh) => mesh.relay.mark(mesh.relay.claim),
};

/** What comes from outside, or goes wrong. */
const DEEDS: readonly ((mesh: GoMesh, random: SeededRandom) => unknown)[] = [
  ...RING_ORDERS.map((order) => (mesh: GoMesh) => mesh.order(order)),
  ...[1, 2, 3].map(() => (mesh: GoMesh) => mesh.publishEvent()),
  (mesh) => void (mesh.peers += 1),
  ...[1, 2, 3].map(() => (mesh: GoMesh, random: SeededRandom) => mesh.askState(random.integer(0, 1))),
  (mesh) => mesh.cutStream(),
];
const TROUBLES: typeof DEEDS = [
  (mesh) => mesh.restartNode(),
  (mesh, random) => mesh.restartGateway(random.integer(0, 1)),
  (mesh, random) => mesh.loseBus(random.integer(0, 1)),
  (mesh, random) => mesh.loseMessage(random.integer(0, 1)),
  (mesh) => mesh.words.shift(),
  (mesh) => mesh.loseDrift(),
  (mesh) => mesh.loseState(),
  (mesh) => mesh.relay.abandonClaim(),
  (mesh, random) => mesh.relay.late.length > 0 && mesh.publish(random.pick(mesh.relay.late)),
];

export interface Faults {
  /** Messages get lost, relays and gateways die or are late, the Node restarts. */
  trouble: boolean;
}

/**
 * Each story is of another temper: some things are frequent in it and others never happen, some are held up often and for
 * long, so that what takes several rare ones in a row is met as well.
 */
export function anyStory(random: SeededRandom, length: number, faults: Faults): GoMesh {
  const mesh = new GoMesh(random);
  const some = <T>(all: readonly T[], most: number): T[] => random.shuffle([...all]).slice(0, random.integer(1, most));
  const spans = some(SPANS_MS, 2);
  const tempoMs = random.pick([50, 50, 500, 5_000, 20_000]);
  const deeds = [...some(DEEDS, 8), ...(faults.trouble ? some(TROUBLES, 3) : [])];
  const slow = new Set(some(Object.keys(ACTORS), 3));
  const slowness = random.pick([0.05, 0.2, 0.5]);
  const heldUntil = new Map<string, number>();
  const act = (): void => {
    for (const [name, step] of random.shuffle(Object.entries(ACTORS))) {
      if ((heldUntil.get(name) ?? 0) > mesh.nowMs) continue;
      if (slow.has(name) && random.next() < slowness) heldUntil.set(name, mesh.nowMs + random.pick(spans));
      else step(mesh, random);
    }
  };
  return told(mesh, () => {
    if (random.next() < 0.85) prove(mesh, random);
    for (let step = 0; step < length; step += 1) {
      if (random.next() < 0.4) random.pick(deeds)(mesh, random);
      for (let rounds = random.integer(0, 6); rounds > 0; rounds -= 1) act();
      mesh.wait(random.next() < 0.1 ? random.pick(spans) : tempoMs);
      // Of a process that stood still, either thread may go first.
      if (!((heldUntil.get('reads') ?? 0) > mesh.nowMs) && random.next() < 0.5) mesh.cutOldStream();
    }
    settle(mesh, random);
  });
}

/** A Node that has come in: it has taken a state, and an id. */
function prove(mesh: GoMesh, random: SeededRandom): void {
  run(mesh, random, 4 * 60_000);
  mesh.note('— the Node has come in —');
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

/** Everybody prompt, the Node by its clock: all that is open must be proven within minutes, twice. */
export function settle(mesh: GoMesh, random: SeededRandom): void {
  mesh.note('— all is well from here —');
  const soon = new Date(mesh.nowMs + 20 * 60_000);
  if (mesh.ring.keys.some(({ rotateBy, state }) => state === 'staged' && rotateBy! < soon)) mesh.order('unstage');
  run(mesh, random, 8 * 60_000);
  mesh.publishEvent();
  if (!mesh.order('rotate')) {
    mesh.order('close');
    mesh.order('settle');
    mesh.order('rotate');
  }
  run(mesh, random, 4 * 60_000);
}

/** The Node's beats fall together, in the worst way: cut and heartbeat in one instant. */
function run(mesh: GoMesh, random: SeededRandom, withinMs: number): void {
  const beganAtMs = mesh.nowMs;
  let beatAtMs = mesh.nowMs;
  let stateAtMs = mesh.nowMs + random.pick([0, 1_000, 30_000]);
  // Whether a gateway sees at once that its Node has left a stream, or never.
  const noticing = random.next() < 0.5;
  for (;;) {
    turn(mesh, random, noticing);
    if (mesh.isSettled) return;
    if (mesh.nowMs - beganAtMs > withinMs) throw new Violation(`not settled: ${JSON.stringify(mesh.relay.node)}`);
    mesh.wait(TICK_MS);
    mesh.cutOldStream();
    if (mesh.nowMs >= beatAtMs) {
      beatAtMs += 30_000;
      const { waits, settledEpoch } = mesh.relay.node;
      if (waits || settledEpoch !== mesh.ring.ring.trustEpoch) stateAtMs = mesh.nowMs;
    }
    if (mesh.nowMs >= stateAtMs) {
      mesh.askState(random.integer(0, 1));
      stateAtMs = mesh.nowMs + 60_000;
    }
  }
}

/** Everybody does what there is to do. */
function turn(mesh: GoMesh, random: SeededRandom, noticing: boolean): void {
  const actors = Object.entries(ACTORS).filter(([name]) => noticing || name !== 'notices');
  for (let rounds = 0; rounds < 500; rounds += 1) {
    let isDone = true;
    for (const [, step] of actors) if (step(mesh, random)) isDone = false;
    if (isDone) return;
  }
  throw new Violation('there is no end of it');
}
