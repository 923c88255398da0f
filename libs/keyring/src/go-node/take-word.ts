import type { GoNode, StreamWord } from './go-node';

/**
 * What a word makes of a Node's record; undefined where it changes nothing, since a later one has been handled.
 *
 * It says what the Node holds, whatever it was told: told_epoch goes up or down to it. With a hello id everything that is
 * not settled is sent again behind the `stream_ready` that answers it, with positions above that one's; what was signed
 * before is neither published nor marked. What is settled stays so.
 */
export function takeWord(node: GoNode, word: StreamWord): GoNode | undefined {
  if (node.wordAt !== null && word.readAt < node.wordAt) return undefined;
  const settledPosition = Math.max(node.settledPosition, word.position ?? 0);
  const settledEpoch = word.isProven ? word.epoch : node.settledEpoch;
  const asked = word.helloId === null ? {} : { helloId: word.helloId, isHelloUnanswered: true };
  // What is settled is told, whoever told it.
  const told = word.waits
    ? { toldEpoch: Math.max(node.toldEpoch, settledEpoch) }
    : { toldEpoch: word.epoch, toldSince: [word.epoch] };
  return { ...node, ...asked, ...told, settledEpoch, settledPosition, waits: word.waits, wordAt: word.readAt };
}

/** More announcements than that without a word are not remembered: then no id counts, and the next word begins anew. */
export const MOST_REMEMBERED = 8;
const UNKNOWN: readonly number[] = [0];

/** Once an announcement stands on the stream. A word that came meanwhile has ended its claim: then it is not marked. */
export function toldAfter(node: GoNode, epoch: number): GoNode {
  const toldSince = [...node.toldSince, epoch];
  return { ...node, toldEpoch: epoch, toldSince: toldSince.length > MOST_REMEMBERED ? UNKNOWN : toldSince };
}

/** More positions than a Node was given since any backup. */
export const POSITIONS_APART = 1_000_000;

/**
 * Another message stands on the stream than the last one on record: a relay was killed before it could mark it, or the
 * database was restored to what it was before. What was told is not known; and no position is given a second time, for an
 * id of before would stand for another envelope.
 */
export const toldUnknown = (node: GoNode): GoNode => ({
  ...node,
  toldEpoch: Math.min(node.toldEpoch, node.settledEpoch),
  lastPosition: node.lastPosition + POSITIONS_APART,
});
