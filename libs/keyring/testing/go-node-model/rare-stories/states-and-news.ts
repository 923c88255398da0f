/** States that cross with news of keys, and what is verified by which key. */
import { Tale } from '../tale';
import { goTo, must, stage, takeBack, takeState } from './rare-story';

const MINUTE_MS = 60_000;

/** It was taken to be verified by a key that a state has taken from the Node since. */
export function eventBehindStateStory(tale: Tale): void {
  const { mesh } = tale;
  tale.hold('reads');
  mesh.publishEvent();
  tale.quiet();
  mesh.order('rotate');
  tale.quiet();
  mesh.order('close');
  takeState(tale);
  if (tale.random.next() < 0.5) return;
  // The event alone is read; then a state proves more, and the hello is not answered yet.
  tale.hold('claims');
  mesh.read();
  mesh.cutStream();
  tale.held.delete('beats');
  tale.pass(3 * MINUTE_MS, () => mesh.relay.node.isHelloUnanswered && !mesh.relay.node.waits);
  mesh.cutStream();
  tale.quiet();
}

/** What a key has signed that a rollback took back is refused, and the key of before verifies. */
export function eventBeforeRollbackStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.overlapMs = 60 * MINUTE_MS;
  mesh.order('rotate');
  tale.quiet();
  takeState(tale);
  tale.hold('reads');
  mesh.publishEvent();
  tale.quiet();
  takeBack(tale);
  takeState(tale);
  tale.release('reads');
  mesh.cutStream();
  tale.quiet();
}

/** A state that was answered before a rotation is worked in after it. */
export function stateUnderWayStory(tale: Tale): void {
  const { mesh, random } = tale;
  stage(tale);
  tale.hold('worksIn');
  goTo(tale, 0);
  takeState(tale, 1);
  // One gateway forgets what it has heard of.
  if (random.next() < 0.5) {
    mesh.restartGateway(0);
    tale.hold('opens');
    tale.quiet();
    goTo(tale, 0);
  }
  mesh.order('rotate');
  tale.pass(random.pick([2_000, 10_000]));
  tale.release('worksIn');
  mesh.cutStream();
  tale.held.delete('opens');
  tale.quiet();
}

/** A state lies in the socket of a Node that stands still for minutes, all of it or that thread alone; the ring goes on. */
export function stateInSocketStory(tale: Tale): void {
  const { mesh, random } = tale;
  stage(tale);
  tale.hold('worksIn');
  takeState(tale);
  mesh.order('rotate');
  mesh.publishEvent();
  if (random.next() < 0.5) tale.hold('reads', 'opens');
  else tale.held.delete('cuts');
  tale.pass(random.pick([35_000, 70_000, 200_000]));
  tale.release();
}

/** A gateway that stood still hears of a rotation first, then of a state that was given since. */
export function behindStory(tale: Tale): void {
  const { mesh } = tale;
  stage(tale);
  tale.hold('opens');
  goTo(tale, 1);
  tale.quiet();
  tale.hold('hear1');
  mesh.order('rotate');
  tale.quiet();
  mesh.order('rollback');
  tale.hold('drifts');
  takeState(tale, 0);
  mesh.sayDrift(0);
  tale.quiet();
  const { inbox } = mesh.gateways[1]!;
  mesh.wait(1_000);
  for (let kind; kind !== 'message'; mesh.hear(1)) kind = inbox[0]!.kind;
  mesh.gateways[1]!.tick();
}

/** A rotation's news was signed, then the ring went on and a state was taken; another gateway hears only the news. */
export function signedBeforeStory(tale: Tale): void {
  const { mesh } = tale;
  stage(tale);
  tale.hold('publishes', 'opens');
  mesh.order('rotate');
  tale.quiet();
  mesh.order('rollback');
  takeState(tale, 0);
  mesh.restartGateway(1);
  tale.hold('words');
  goTo(tale, 1);
  tale.quiet();
  mesh.publish(mesh.relay.claim);
  tale.pass(33_000);
}

/** News of a rotation lie in the socket, and the rotation is taken back. */
export function newsInSocketStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.overlapMs = 60 * MINUTE_MS;
  tale.hold('reads');
  mesh.order('rotate');
  tale.quiet();
  takeBack(tale);
  tale.quiet();
  takeState(tale);
  tale.pass(2_000);
  tale.release('reads');
}

/** A state says of the keys what the last one said, and something else that is new. */
export function otherDriftStory(tale: Tale): void {
  const { mesh } = tale;
  takeState(tale);
  mesh.overlapMs = 60 * MINUTE_MS;
  mesh.order('rotate');
  tale.held.delete('cuts');
  tale.until('not settled', () => mesh.isSettled);
  tale.hold('cuts');
  mesh.cutStream();
  tale.quiet();
  takeBack(tale);
  tale.quiet();
  tale.hold('worksIn');
  takeState(tale);
  mesh.loseState();
  tale.release('worksIn');
  mesh.peers += 1;
  takeState(tale);
}

/** The drift of a process comes to a gateway that has a stream of the next one. */
export function driftOfAnotherStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.order('rotate');
  tale.held.clear();
  tale.until('not settled', () => mesh.isSettled);
  tale.hold('cuts', 'beats', 'hear1', 'drifts', 'opens');
  takeState(tale, 0);
  mesh.sayDrift(0);
  tale.quiet();
  mesh.restartNode();
  mesh.openStream(1);
  tale.quiet();
  tale.release('hear1');
}

/** The drift of a process lies in a gateway that is behind, until the next process has asked that gateway for a state. */
export function driftBeforeStateStory(tale: Tale): void {
  const { mesh } = tale;
  tale.held.clear();
  tale.until('not settled', () => mesh.isSettled);
  tale.hold('cuts', 'beats', 'drifts');
  mesh.order('rotate');
  takeState(tale, 0);
  tale.hold('hear1');
  mesh.sayDrift(1);
  mesh.wait(1);
  mesh.order('revoke_active');
  mesh.restartNode();
  mesh.openStream(1);
  tale.hold('worksIn');
  tale.quiet();
  takeState(tale, 1);
  tale.release('hear1');
  mesh.loseState();
}

/**
 * Gateways that begin anew know nothing of how they said the keys before: the next state may be as the last one was, which
 * proves nothing. That costs one heartbeat more, and no more than one.
 */
export function forgottenFormStory(tale: Tale): void {
  const { mesh, random } = tale;
  const haveTwoKeys = random.next() < 0.5;
  mesh.overlapMs = 120 * MINUTE_MS;
  if (haveTwoKeys) must(mesh.order('rotate'), 'is not rotated');
  const beginAnew = (): void => [0, 1].forEach((index) => mesh.restartGateway(index));
  mesh.restartNode();
  beginAnew();
  tale.quiet();
  tale.hold('drifts');
  takeState(tale);
  mesh.loseDrift();
  beginAnew();
  // Its first heartbeat is in a second: a state like the last, one that leaves two keys out, one that proves.
  const isSettledIn = (heartbeats: number): boolean =>
    new Tale(mesh, random).pass(heartbeats * 30_000 - 25_000, () => mesh.isSettled);
  must(isSettledIn(haveTwoKeys ? 3 : 2), 'waits for more than a heartbeat since its form is forgotten');
}
