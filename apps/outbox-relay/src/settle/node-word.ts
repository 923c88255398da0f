/**
 * A Node's hello or acknowledgement, and what it counts as. Nobody signs such a word, so it counts by the heads that it
 * names, and its numbers only as far as those bear them out.
 */
import { FORKED, standingAt, type Standing } from '@plexsphere/keyring';
import type { Listens } from '@plexsphere/store';
import { PLATFORM, type Heads } from '@plexsphere/wire';
import type { KnownNode } from './known-nodes';
import type { HeadPlaces } from './read-heads';

export interface NodeWord {
  nodeId: string;
  /** By which way it came: of a Node that listens by another it is nobody's. */
  listens: Listens;
  epoch: number;
  platformEpoch: number;
  position: number;
  heads: Heads;
}

/** A word of an enrolled Node. Its epochs are as they count: FORKED where the head stands nowhere in our chain. */
export interface CountedWord extends NodeWord {
  /** What it says beside a head of ours, where that is beyond the ring's epoch. */
  aheadEpoch: number | null;
  aheadPlatformEpoch: number | null;
  /** Whether a number that it says is another than it counts as: a bundle has to put it right. */
  isWrong: boolean;
  /** Whether it shows a fork that nobody knew of. */
  newFork: boolean;
  newPlatformFork: boolean;
}

export function countWord(word: NodeWord, node: KnownNode, heads: HeadPlaces): CountedWord {
  const standing = (scope: string, head: string, epoch: number): Standing => {
    const { headEpoch = null, nextEpoch = null, ringEpoch = 0 } = heads(scope, head) ?? {};
    return standingAt({ epoch, headEpoch, nextEpoch }, ringEpoch);
  };
  const own = standing(node.scope, word.heads.ring, word.epoch);
  const platform = standing(PLATFORM, word.heads.platform, word.platformEpoch);
  return {
    ...word,
    epoch: own.epoch,
    platformEpoch: platform.epoch,
    aheadEpoch: own.isBeyond ? word.epoch : null,
    aheadPlatformEpoch: platform.isBeyond ? word.platformEpoch : null,
    isWrong: own.isWrong || platform.isWrong,
    newFork: isFork(own) && word.heads.ring !== node.forkedHead,
    newPlatformFork: isFork(platform) && word.heads.platform !== node.platformForkedHead,
  };
}

const isFork = ({ epoch }: Standing): boolean => epoch === FORKED;

/** Words as a statement reads them, which are its first parameter. */
export const WORD_RECORD = `jsonb_to_recordset($1::jsonb) AS d(node_id uuid, epoch bigint, platform_epoch bigint,
  position bigint, head text, platform_head text, ahead_epoch bigint, ahead_platform_epoch bigint, new_fork boolean,
  new_platform_fork boolean, hello jsonb, has_progressed boolean)`;

export const wordRecord = (words: readonly (CountedWord & { hello?: object; hasProgressed?: boolean })[]): string =>
  JSON.stringify(
    words.map(({ heads, hello = null, hasProgressed = false, ...word }) => ({
      node_id: word.nodeId,
      epoch: word.epoch,
      platform_epoch: word.platformEpoch,
      position: word.position,
      head: heads.ring,
      platform_head: heads.platform,
      ahead_epoch: word.aheadEpoch,
      ahead_platform_epoch: word.aheadPlatformEpoch,
      new_fork: word.newFork,
      new_platform_fork: word.newPlatformFork,
      hello,
      has_progressed: hasProgressed,
    })),
  );

/** Of a SET: what a Node shows of itself, whatever it counts as. `s` is its row, `d` one of WORD_RECORD. */
export const SHOWN = `
    head = d.head,
    platform_head = d.platform_head,
    forked_at = CASE d.epoch WHEN ${FORKED} THEN coalesce(s.forked_at, clock_timestamp()) END,
    platform_forked_at = CASE d.platform_epoch WHEN ${FORKED} THEN coalesce(s.platform_forked_at, clock_timestamp()) END,
    platform_forked_from = CASE d.platform_epoch WHEN ${FORKED}
                                THEN coalesce(s.platform_forked_from, s.settled_platform_epoch) END,
    ahead_epoch = d.ahead_epoch,
    ahead_platform_epoch = d.ahead_platform_epoch,
    first_seen_at = coalesce(s.first_seen_at, clock_timestamp()),
    last_seen_at = clock_timestamp()`;
