import { chainStart, type ChainPlace } from './chain-plan';
import { isLost, nextKeyNews, platformFromFork, type KeyNews, type RingHistory, type Told } from './key-news';

export interface OpenHello {
  /** It says a number that is not what it counts as. */
  readonly corrects: boolean;
}

/** What is known of a Node's stream. */
export interface StreamState<H extends OpenHello> {
  readonly told: Told;
  /** What it held of the platform's ring when it left our chain of that; null where it is on no such fork. */
  readonly platformForkedFrom: number | null;
  /** Where an unfinished chain goes on. */
  readonly chain: ChainPlace | null;
  /** That no answer stands on the stream of. */
  readonly hello: H | null;
}

/** What goes on a Node's stream next. */
export type DueMessage<H extends OpenHello> =
  /** Nothing may: the ring is behind what the Node was told, so an epoch went back; or nothing leads back from its fork. */
  | { readonly kind: 'nothing' }
  | (Extract<KeyNews, { kind: 'announce' }> & {
      /** The chain that it gets where nobody can open the announcing key; null where it would refuse the bundle. */
      readonly otherwise: ChainPlace | null;
    })
  /** `gates`: everything else waits for it. */
  | { readonly kind: 'chain'; readonly from: ChainPlace; readonly gates: boolean }
  | { readonly kind: 'ready'; readonly hello: H }
  /** An ordinary event, if there is one; `closeFrom`: the chain where there is none, of what no event waits for. */
  | { readonly kind: 'ordinary'; readonly closeFrom: ChainPlace | null };

/**
 * The order of the kinds is the promise that no Node meets an unknown key: the next part of a chain before everything, then
 * what tells of keys, then the answer to a hello, then events. A hello whose numbers are not what they count as gets a
 * chain first, however little is due: its bundle puts them right.
 */
export function dueMessage<H extends OpenHello>(
  { told, platformForkedFrom, chain, hello }: StreamState<H>,
  ownRing: RingHistory,
  platformRing: RingHistory,
): DueMessage<H> {
  const platform = platformFromFork(platformRing, platformForkedFrom);
  const own = ownRing.scope === platform.scope ? platform : ownRing;
  if (told.epoch > own.epoch) return { kind: 'nothing' };
  if (chain !== null) return { kind: 'chain', from: chain, gates: true };
  const news = nextKeyNews(told, own, platform);
  if (news.kind === 'forked') return { kind: 'nothing' };
  const isPlatformLost = isLost(told.platformEpoch, platform);
  const corrects = hello?.corrects === true && !isLost(told.epoch, own) && !isPlatformLost;
  const from = chainStart(told, own, platform);
  if (corrects || (news.kind === 'chain' && news.gates)) return { kind: 'chain', from, gates: true };
  if (news.kind === 'announce') return { ...news, otherwise: isPlatformLost ? null : from };
  if (hello !== null) return { kind: 'ready', hello };
  return { kind: 'ordinary', closeFrom: news.kind === 'chain' ? from : null };
}
