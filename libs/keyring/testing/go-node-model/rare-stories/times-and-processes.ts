/** When things come, and which process of the Node they meet. */
import { Violation } from '../checks';
import type { Tale } from '../tale';
import { must, stage, takeState } from './rare-story';

const MINUTE_MS = 60_000;

/** Each stream ends in the instant in which a state of it would be worked in. */
export function worstPatienceStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.patienceMs = () => 15_000;
  mesh.restartNode();
  for (let round = 0; round < 16; round += 1) {
    tale.quiet();
    const stream = mesh.process.connection;
    must(stream !== null, 'has no stream');
    tale.pass(stream!.openedAtMs + 14_000 - mesh.nowMs);
    tale.hold('worksIn');
    takeState(tale);
    tale.pass(2_000);
    tale.release('worksIn');
    if (!mesh.relay.node.waits) return;
    tale.pass(14_000, () => mesh.process.connection !== stream);
  }
  throw new Violation('the stream waits for ever');
}

/**
 * Nothing is in the way: news cost no word, the Node's own cut proves a rotation, a Node that has everything costs nothing,
 * and its first state proves what a new process holds.
 */
export function promptStory(tale: Tale): void {
  const { mesh } = tale;
  tale.held.delete('cuts');
  tale.pass(65_000);
  const before = mesh.wordsSaid;
  tale.pass(5 * MINUTE_MS);
  must(mesh.wordsSaid === before, 'a Node that has everything says words');
  tale.hold('cuts');
  mesh.order('rotate');
  tale.quiet();
  must(mesh.wordsSaid === before, 'a rotation costs words');
  tale.held.clear();
  must(
    tale.pass(35_000, () => mesh.isSettled),
    'a rotation is not proven by the next cut',
  );
  mesh.order('close');
  takeState(tale);
  must(mesh.process.refusals.length === 0, 'something was refused');
  mesh.restartNode();
  tale.quiet();
  tale.hold('beats');
  takeState(tale);
  must(
    tale.pass(2_000, () => mesh.isSettled),
    'a new process is not proven by its first state',
  );
}

/** The key that a stream is by goes, and whoever has it hears so, or hears that it missed something. */
export function keyGoesStory(tale: Tale): void {
  const { mesh, random } = tale;
  const isMissed = random.next() < 0.5;
  if (isMissed) tale.hold('hear0', 'hear1');
  mesh.order('revoke_active');
  if (isMissed) for (const index of [0, 1]) mesh.loseBus(index);
  tale.release('hear0', 'hear1');
  must(mesh.relay.node.waits, 'a stream does not wait whose key is gone');
}

/** A process begins anew, with the key of its registration day; nothing is under way, nothing is open. */
export function newProcessStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.order('rotate');
  tale.held.delete('cuts');
  tale.until('not settled', () => mesh.isSettled);
  mesh.order('close');
  mesh.restartNode();
  tale.pass(40_000);
  must(mesh.relay.node.waits, 'is not asked what it holds');
}

/** A key is staged, and its rotation comes at the last moment: who holds the stage waits for nothing. */
export function dueStageStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.overlapMs = 5 * MINUTE_MS;
  mesh.order('stage');
  const until = mesh.ring.told.at(-1)!.previousUntil!.getTime();
  tale.held.clear();
  tale.until('not settled', () => mesh.isSettled);
  tale.pass(until - mesh.nowMs - 40_000);
  mesh.publishEvent();
  tale.pass(35_000);
  must(!mesh.relay.node.waits, 'waits at the present epoch');
}

/** The Node comes back when the key that it verifies by is all but over, and reads slowly, by a clock of its own. */
export function lateStory(tale: Tale): void {
  const { mesh, random } = tale;
  const isStaged = random.next() < 0.5;
  if (isStaged) stage(tale);
  const named = isStaged ? mesh.ring.told.at(-1)!.previousUntil : null;
  // Longer than the stage has said, which is all that the Node has heard of.
  mesh.overlapMs = (isStaged ? 120 : 10) * MINUTE_MS;
  tale.hold('opens');
  mesh.cutStream();
  const staged = mesh.ring.keys.find(({ state }) => state === 'staged');
  if (staged !== undefined) tale.pass(staged.rotateBy!.getTime() - MINUTE_MS - mesh.nowMs);
  must(mesh.order('rotate'), 'is not rotated');
  const retiring = mesh.ring.keys.find(({ state }) => state === 'retiring')!;
  const until = (named ?? retiring.verifiesUntil)!.getTime();
  const [comesMs, readsMs] = random.pick([
    [40_000, 35_000],
    [40_000, 45_000],
    [70_000, 45_000],
    [64_000, 45_000],
  ] as const);
  tale.pass(until - comesMs - mesh.nowMs);
  tale.hold('reads');
  tale.release('opens');
  const isInTime = mesh.aheadMs <= 0 && readsMs < 40_000;
  tale.pass(readsMs);
  tale.release('reads');
  must(!isInTime || mesh.process.refusals.length === 0, 'what is passed on is refused within a minute');
  mesh.cutStream();
  tale.quiet();
}

/** The memory of a Node on another machine: it has read less than is settled. */
export function twinStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.cloneNode();
  mesh.publishEvent();
  mesh.order('rotate');
  tale.held.clear();
  tale.until('not settled', () => mesh.isSettled);
  mesh.order('close');
  mesh.swapTwins();
  for (let events = 0; events < 3; events += 1) {
    mesh.publishEvent();
    tale.pass(35_000);
  }
  must(mesh.process.refusals.length === 0, 'what is held by one is expected of the other');
}
