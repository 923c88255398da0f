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

/** Once an announcement stands on the stream: a word that came meanwhile says otherwise, and better. */
export function toldAfter(node: GoNode, from: number, epoch: number): GoNode {
  if (node.toldEpoch !== from) return node;
  const toldSince = [...node.toldSince, epoch];
  return { ...node, toldEpoch: epoch, toldSince: toldSince.length > MOST_REMEMBERED ? UNKNOWN : toldSince };
}
