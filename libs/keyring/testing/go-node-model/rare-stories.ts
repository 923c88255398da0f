/** What chance hardly ever brings about: several rare things in a row, each where it hurts most. */
import type { SeededRandom } from '@plexsphere/testkit';
import { GoMesh, Violation } from './go-mesh';
import { comeIn, settle, told, type Tale } from './tale';

const MINUTE_MS = 60_000;

/** Of a Node that has come in a while ago: no state is under way, known or not. */
export function rareStory(random: SeededRandom, tell: (tale: Tale) => void): GoMesh {
  const mesh = new GoMesh(random);
  return told(mesh, () => {
    const tale = comeIn(mesh, random);
    tale.hold('beats');
    tale.pass(random.pick([35_000, 65_000]));
    tale.hold('cuts');
    tell(tale);
    tale.held.clear();
    settle(mesh, random);
  });
}

const require = (isSo: boolean, what: string): void => {
  if (!isSo) throw new Violation(what);
};

/** The Node's stream, opened at this gateway. */
function goTo({ mesh }: Tale, gateway: number): void {
  mesh.cutStream();
  mesh.openStream(gateway);
}

/** A state is taken on a stream that is live, so no later one is as the one before. */
function takeState(tale: Tale, gateway = tale.random.integer(0, 1)): void {
  tale.mesh.askState(gateway);
  tale.quiet();
}

/** It holds a staged key by the news alone: a state would set its keys. */
function stage(tale: Tale): void {
  tale.mesh.overlapMs = 60 * MINUTE_MS;
  require(tale.mesh.order('stage'), 'nothing is staged');
  tale.held.delete('cuts');
  tale.until('the stage is not settled', () => tale.mesh.isSettled);
  tale.hold('cuts');
}

/** A rotation never was, and its key is gone at once. */
function takeBack({ mesh }: Tale): void {
  require(mesh.order('rollback') && mesh.order('revoke_other'), 'is not taken back');
}

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

/** A message is lost on its way to a gateway, or the one after it is not what answers. */
export function holeStory(tale: Tale): void {
  const { mesh } = tale;
  tale.hold('hear0', 'hear1');
  mesh.publishEvent();
  tale.quiet();
  for (const index of [0, 1]) mesh.loseMessage(index);
  tale.release('hear0', 'hear1');
  if (tale.random.next() < 0.5) tale.hold('words');
  mesh.publishEvent();
  tale.quiet();
  mesh.order('rotate');
  tale.quiet();
  mesh.cutStream();
  tale.quiet();
}

/** An event lies in a socket that is cut; the next one goes to the stream after it. */
export function lostInSocketStory(tale: Tale): void {
  const { mesh } = tale;
  tale.hold('reads');
  mesh.publishEvent();
  tale.quiet();
  mesh.cutStream();
  tale.hold('words');
  tale.release('reads');
  mesh.publishEvent();
  tale.quiet();
  mesh.cutStream();
  tale.quiet();
}

/** A relay has the news signed, and stands still. */
export function staleNewsStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.overlapMs = 60 * MINUTE_MS;
  tale.hold('publishes');
  mesh.order('rotate');
  tale.quiet();
  tale.hold('claims');
  tale.pass(tale.random.pick([2, 6]) * MINUTE_MS);
  mesh.publish(mesh.relay.claim ?? mesh.relay.late.at(-1)!);
  tale.release('publishes');
  tale.release('claims');
  mesh.cutStream();
  tale.quiet();
}

/** A word is late, and its Node's next stream has said more. */
export function lateWordStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.publishEvent();
  tale.hold('words');
  tale.quiet();
  mesh.cutStream();
  tale.quiet();
  const late = mesh.words.splice(0);
  tale.held.clear();
  mesh.order('rotate');
  tale.until('not settled', () => mesh.isSettled);
  mesh.words.push(...late);
  tale.quiet();
}

/** Of two words of one stream the one that says that it waits comes last, when the Node has not read the answer yet. */
export function crossingWordsStory(tale: Tale): void {
  const { mesh } = tale;
  // A stream that needed no word.
  tale.held.clear();
  tale.pass(61_000);
  tale.hold('cuts', 'words');
  mesh.order('revoke_active');
  tale.quiet();
  const late = mesh.words.splice(0);
  tale.hold('reads');
  tale.release('words');
  tale.pass(90_000, () => mesh.relay.node.ready?.epoch === mesh.ring.ring.trustEpoch);
  mesh.words.push(...late);
  tale.quiet();
  mesh.cutStream();
  tale.release('reads');
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

/** Each stream ends in the instant in which a state of it would be worked in. */
export function worstPatienceStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.patienceMs = () => 15_000;
  mesh.restartNode();
  for (let round = 0; round < 16; round += 1) {
    tale.quiet();
    const stream = mesh.process.connection;
    require(stream !== null, 'has no stream');
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

/** A word is lost that has to be answered: it is said again, with all that it proves. */
export function lostWordStory(tale: Tale): void {
  const { mesh } = tale;
  mesh.order('rotate');
  tale.quiet();
  tale.hold('reads');
  mesh.publishEvent();
  tale.quiet();
  tale.hold('words');
  mesh.cutStream();
  tale.release('reads');
  require(mesh.words.length > 0, 'says no word');
  mesh.words.length = 0;
  tale.release('words');
  const isProven = (): boolean =>
    mesh.relay.node.settledEpoch === mesh.ring.ring.trustEpoch && mesh.accepted.size === mesh.relay.rows.length;
  require(tale.pass(10_000, isProven), 'a lost word costs more than its time');
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
  require(mesh.wordsSaid === before, 'a Node that has everything says words');
  tale.hold('cuts');
  mesh.order('rotate');
  tale.quiet();
  require(mesh.wordsSaid === before, 'a rotation costs words');
  tale.held.clear();
  require(tale.pass(35_000, () => mesh.isSettled), 'a rotation is not proven by the next cut');
  mesh.order('close');
  takeState(tale);
  require(mesh.process.refusals.length === 0, 'something was refused');
  mesh.restartNode();
  tale.quiet();
  tale.hold('beats');
  takeState(tale);
  require(tale.pass(2_000, () => mesh.isSettled), 'a new process is not proven by its first state');
}

/** The key that a stream is by goes, and whoever has it hears so, or hears that it missed something. */
export function keyGoesStory(tale: Tale): void {
  const { mesh, random } = tale;
  const isMissed = random.next() < 0.5;
  if (isMissed) tale.hold('hear0', 'hear1');
  mesh.order('revoke_active');
  if (isMissed) for (const index of [0, 1]) mesh.loseBus(index);
  tale.release('hear0', 'hear1');
  require(mesh.relay.node.waits, 'a stream does not wait whose key is gone');
}

/** A relay dies before it has marked what it published, and the Node reads all of it when it is too old. */
export function unmarkedStory(tale: Tale): void {
  const { mesh } = tale;
  tale.hold('reads');
  mesh.publishEvent();
  tale.quiet();
  tale.hold('marks');
  mesh.publishEvent();
  tale.quiet();
  tale.hold('claims');
  tale.pass(6 * MINUTE_MS);
  tale.release('reads');
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
  require(mesh.relay.node.waits, 'is not asked what it holds');
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
  require(!mesh.relay.node.waits, 'waits at the present epoch');
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
  require(mesh.order('rotate'), 'is not rotated');
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
  require(!isInTime || mesh.process.refusals.length === 0, 'what is passed on is refused within a minute');
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
  require(mesh.process.refusals.length === 0, 'what is held by one is expected of the other');
}

/** The database is restored to what it was a moment ago; the bus and the Node know of more. */
export function restoreStory(tale: Tale): void {
  const { mesh, random } = tale;
  const backup = mesh.relay.backup();
  for (let events = random.integer(1, 3); events > 0; events -= 1) mesh.publishEvent();
  tale.quiet();
  if (random.next() < 0.5) {
    mesh.cutStream();
    tale.quiet();
  }
  tale.hold('opens');
  mesh.cutStream();
  tale.quiet();
  mesh.note('— the database is restored —');
  mesh.relay.restore(backup);
  for (let events = random.integer(0, 4); events > 0; events -= 1) mesh.publishEvent();
  tale.quiet();
  tale.release('opens');
}

export const RARE_STORIES: readonly [string, (tale: Tale) => void][] = [
  ['an event by a key that a state has taken from the Node', eventBehindStateStory],
  ['an event by a key that a rollback has taken back', eventBeforeRollbackStory],
  ['a state that was answered before a rotation', stateUnderWayStory],
  ['a gateway that is behind', behindStory],
  ['news that were signed before a state', signedBeforeStory],
  ['a message that is lost', holeStory],
  ['an event that is lost with its socket', lostInSocketStory],
  ['news that are old', staleNewsStory],
  ['a word that is late', lateWordStory],
  ['words that cross', crossingWordsStory],
  ['news in the socket, and a rollback', newsInSocketStory],
  ['a drift of something else', otherDriftStory],
  ['a drift of the process before', driftOfAnotherStory],
  ['streams that end at the worst moment', worstPatienceStory],
  ['a word that is lost', lostWordStory],
  ['nothing in the way', promptStory],
  ['a stage that is due', dueStageStory],
  ['a Node that comes late', lateStory],
  ['a key that goes', keyGoesStory],
  ['a relay that dies', unmarkedStory],
  ['a process that is new', newProcessStory],
  ['two that are one Node', twinStory],
  ['a database that is restored', restoreStory],
];
