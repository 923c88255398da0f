/** What is lost, late, or said twice: messages, words, sockets, a relay, the database. */
import type { Tale } from '../tale';
import { must } from './rare-story';

const MINUTE_MS = 60_000;

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
  must(mesh.words.length > 0, 'says no word');
  mesh.words.length = 0;
  tale.release('words');
  const isProven = (): boolean =>
    mesh.relay.node.settledEpoch === mesh.ring.ring.trustEpoch && mesh.checks.accepted.size === mesh.relay.rows.length;
  must(tale.pass(10_000, isProven), 'a lost word costs more than its time');
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
