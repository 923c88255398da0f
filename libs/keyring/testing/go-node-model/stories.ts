/** What happens: anything, in any order; then nothing bad any more, and all must come right soon. */
import type { SeededRandom } from '@plexsphere/testkit';
import { ACTORS } from './actors';
import { GoMesh } from './go-mesh';
import { RING_ORDERS } from './model-go-ring';
import { comeIn, settle, told } from './tale';

/** How long something is held up, or nothing happens. */
const SPANS_MS = [500, 2_000, 6_000, 20_000, 31_000, 61_000, 130_000, 250_000, 301_000];

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
  (mesh, random) => mesh.repeatMessage(random.integer(0, 1)),
  (mesh) => (mesh.cloneNode(), mesh.swapTwins()),
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
    if (random.next() < 0.85) comeIn(mesh, random);
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
