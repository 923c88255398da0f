/** What happens: anything, in any order; then nothing bad any more, and all must come right soon. */
import type { SeededRandom } from '@plexsphere/testkit';
import { GoMesh, Violation } from './go-mesh';
import { RING_ORDERS } from './model-go-ring';

const SPANS_MS = [10, 100, 1_000, 5_000, 20_000, 31_000, 61_000, 130_000, 301_000];
const TICK_MS = 250;

export interface Faults {
  /** Words and drifts get lost, relays and gateways die or are late, the Node restarts. */
  trouble: boolean;
}

type Deed = [weight: number, doIt: (mesh: GoMesh, random: SeededRandom) => void];

const DEEDS: readonly Deed[] = [
  [6, (mesh, random) => void mesh.order(random.pick(RING_ORDERS))],
  [3, (mesh) => mesh.publishEvent()],
  [1, (mesh) => void (mesh.peers += 1)],
  [10, (mesh, random) => mesh.wait(random.pick(SPANS_MS))],
  [6, (mesh, random) => mesh.openStream(random.integer(0, 1))],
  [2, (mesh) => mesh.cutStream()],
  [14, (mesh) => void mesh.read()],
  [6, (mesh, random) => mesh.askState(random.integer(0, 1))],
  [6, (mesh) => mesh.answerState()],
  [6, (mesh) => mesh.workIn()],
  [6, (mesh, random) => mesh.sayDrift(random.integer(0, 1))],
  [20, (mesh, random) => void mesh.hear(random.integer(0, 1))],
  [10, (mesh, random) => readRow(mesh, random)],
  [8, (mesh, random) => mesh.gateways[random.integer(0, 1)]!.tick()],
  [8, (mesh, random) => mesh.takeWord(random.integer(0, Math.max(0, mesh.words.length - 1)))],
  [12, (mesh) => void mesh.relay.doClaim(mesh.now)],
  [12, (mesh) => mesh.relay.claim && mesh.relay.sign(mesh.relay.claim, mesh.now)],
  [14, (mesh) => mesh.relay.claim && mesh.publish(mesh.relay.claim)],
  [14, (mesh) => mesh.relay.claim && mesh.relay.mark(mesh.relay.claim)],
  [5, (mesh, random) => turn(mesh, random)],
];

const TROUBLES: readonly Deed[] = [
  [2, (mesh) => mesh.restartNode()],
  [1, (mesh, random) => restartGateway(mesh, random.integer(0, 1))],
  [1, (mesh, random) => mesh.gateways[random.integer(0, 1)]!.loseBus()],
  [2, (mesh) => void mesh.words.shift()],
  [2, (mesh) => mesh.sayDrift(null)],
  [2, (mesh) => mesh.loseState()],
  [3, (mesh, random) => noticeLeft(mesh, random)],
  [2, (mesh, random) => mesh.relay.late.length > 0 && mesh.publish(random.pick(mesh.relay.late))],
  [1, (mesh) => mesh.relay.claim && (mesh.relay.late.push(mesh.relay.claim), (mesh.relay.claim = null))],
];

export function anyStory(random: SeededRandom, length: number, faults: Faults): GoMesh {
  const mesh = new GoMesh(random);
  const deeds = faults.trouble ? [...DEEDS, ...TROUBLES] : DEEDS;
  return told(mesh, () => {
    for (let step = 0; step < length; step += 1) pickDeed(deeds, random)(mesh, random);
    settle(mesh, random);
  });
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

function pickDeed(deeds: readonly Deed[], random: SeededRandom): Deed[1] {
  let at = random.next() * deeds.reduce((sum, [weight]) => sum + weight, 0);
  return (deeds.find(([weight]) => (at -= weight) < 0) ?? deeds[0]!)[1];
}

function readRow(mesh: GoMesh, random: SeededRandom): void {
  const gateway = mesh.gateways[random.integer(0, 1)]!;
  const { busy } = gateway;
  if (busy.length > 0) gateway.readRow(random.pick(busy));
}

function restartGateway(mesh: GoMesh, index: number): void {
  mesh.note(`gateway ${index} restarts`);
  mesh.gateways[index]!.restart();
  const { asked } = mesh.process;
  if (asked?.gateway === index && asked.answer === null) mesh.process.asked = null;
}

function noticeLeft(mesh: GoMesh, random: SeededRandom): void {
  const [connection] = mesh.left.splice(random.integer(0, Math.max(0, mesh.left.length - 1)), 1);
  if (connection !== undefined) mesh.gateways[connection.gateway]!.notice(connection);
}

/** Everybody prompt, the Node by its clock: all that is open must be proven within minutes, twice. */
export function settle(mesh: GoMesh, random: SeededRandom): void {
  mesh.note('— all is well from here —');
  if (
    mesh.ring.keys.some(({ rotateBy, state }) => state === 'staged' && rotateBy! < new Date(mesh.nowMs + 20 * 60_000))
  ) {
    mesh.order('unstage');
  }
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
  for (;;) {
    turn(mesh, random);
    if (isSettled(mesh)) return;
    if (mesh.nowMs - beganAtMs > withinMs) throw new Violation(`not settled: ${JSON.stringify(mesh.relay.node)}`);
    mesh.wait(TICK_MS);
    const { connection } = mesh.process;
    if (connection !== null && mesh.nowMs - connection.openedAtMs >= 30_000) mesh.cutStream();
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

function turn(mesh: GoMesh, random: SeededRandom): void {
  for (const connection of mesh.left.splice(0)) mesh.gateways[connection.gateway]!.notice(connection);
  for (let round = 0; round < 4; round += 1) {
    if (mesh.process.connection === null) mesh.openStream(random.integer(0, 1));
    for (const gateway of mesh.gateways) {
      while (mesh.hear(gateway.index));
      while (gateway.busy.length > 0) gateway.readRow(gateway.busy[0]!);
      gateway.tick();
    }
    while (mesh.words.length > 0) mesh.takeWord(0);
    for (let messages = 0; messages < 50 && mesh.relay.doClaim(mesh.now); messages += 1) {
      const claim = mesh.relay.claim!;
      mesh.relay.sign(claim, mesh.now);
      mesh.publish(claim);
      mesh.relay.mark(claim);
    }
    mesh.answerState();
    mesh.workIn();
    mesh.sayDrift(random.integer(0, 1));
    while (mesh.read());
  }
}

function isSettled(mesh: GoMesh): boolean {
  const { node } = mesh.relay;
  const { keys, ring } = mesh.ring;
  const active = keys.find(({ state }) => state === 'active')!;
  const isHeld = mesh.process.heldEpoch === ring.trustEpoch && mesh.process.verifies(active.keyId, mesh.nowMs);
  return (
    node.settledEpoch === ring.trustEpoch && !node.hasUnsettled && !node.isHelloUnanswered && !node.waits && isHeld
  );
}
