/**
 * Which message a Node gets next. Pure: the order of the kinds is the promise that no Node meets an unknown key
 * (ADR 0005).
 */
import {
  FORKED,
  chainStart,
  nextKeyNews,
  type ChainPlace,
  type KeyNews,
  type RingHistory,
  type Told as ToldEpochs,
} from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { ClaimedNode, OrdinaryEvent } from './claimed-node';
import type { Ring, Rings } from './read-rings';

/** The epochs that a Node's stream has told it once the message stands there. */
export type Told = Partial<ToldEpochs>;

type AnnounceNews = Extract<KeyNews, { kind: 'announce' }>;

export interface Announcement {
  kind: 'announce';
  eventType: AnnounceNews['eventType'];
  keyId: string;
  eventId: string;
  /** Of the Node's scope: the ring that signs. */
  epoch: number;
  told: Told;
  /**
   * Where no signer can open the key that the Node holds: the statements prove themselves. null where the Node would refuse
   * the bundle.
   */
  otherwise: ChainNews | null;
  /** To a Node that reads no statement: at which trust epoch it was made, and which told epoch's key signs it. */
  trustEpoch?: number;
  from?: number;
}

export interface ChainNews {
  kind: 'chain';
  eventId: string;
  /** Of the rings that its bundle is made at. */
  epoch: number;
  platformEpoch: number;
  /** Where its next part begins. */
  from: ChainPlace;
  /** Whether everything else waits for it. A close waits for nobody, and nobody for it. */
  gates: boolean;
}

export type NextMessage =
  Announcement | ChainNews | Ready | { kind: 'ordinary'; event: OrdinaryEvent; epoch: number; trustEpoch?: number };

/** `position`: of one that takes one. */
export type Ready = { kind: 'ready'; helloId: string; trustEpoch?: number; position?: number } & ToldEpochs;

/**
 * The choice before an ordinary event is picked, which costs a position and so comes last. `otherwise`: what the Node gets
 * where there is none.
 */
export type NextChoice =
  | Exclude<NextMessage, { kind: 'ordinary' }>
  | { kind: 'ordinary'; epoch: number; trustEpoch?: number; otherwise?: ChainNews }
  /** It is to take a position, which is drawn when nothing else goes first. */
  | (Ready & { isNumbered: true })
  /** Nothing reaches the Node but a state. */
  | { kind: 'waits' };

/**
 * Of a Node that reads statements. Undefined where nothing may be sent: the ring is behind what the Node was told, so an epoch went back; or it follows a
 * chain that is not ours, and nothing leads back.
 */
export function chooseNext(node: ClaimedNode, rings: Rings): NextChoice | undefined {
  const ring = rings.get(node.scope);
  const platform = rings.get(PLATFORM);
  if (ring === undefined || platform === undefined || node.toldEpoch > ring.epoch) return undefined;
  if (node.chain !== null) return chain(node, ring, platform, true);
  const news = nextKeyNews(toldOf(node), ring, platform);
  if (news.kind === 'forked') return undefined;
  const mayCorrect = !isLost(node.toldEpoch, ring) && !isLost(node.toldPlatformEpoch, platform);
  if ((news.kind === 'chain' && news.gates) || (node.hello?.corrects === true && mayCorrect)) {
    return chain(node, ring, platform, true);
  }
  if (news.kind === 'announce') return announcement(node, news, ring, platform);
  const { epoch } = ring;
  if (node.hello !== null) {
    return { kind: 'ready', helloId: node.hello.helloId, epoch, platformEpoch: platform.epoch };
  }
  const close = news.kind === 'chain' ? { otherwise: chain(node, ring, platform, false) } : {};
  return { kind: 'ordinary', epoch, ...close };
}

const toldOf = ({ toldEpoch: epoch, toldPlatformEpoch: platformEpoch }: ClaimedNode): ToldEpochs => ({
  epoch,
  platformEpoch,
});

function announcement(
  node: ClaimedNode,
  { eventType, keyId, told }: AnnounceNews,
  ring: Ring,
  platform: Ring,
): Announcement {
  const { trustEventId: eventId } = eventType === 'platform_key_rotated' ? platform : ring;
  const otherwise = isLost(node.toldPlatformEpoch, platform) ? null : chain(node, ring, platform, true);
  return { kind: 'announce', eventType, keyId, eventId, epoch: ring.epoch, told, otherwise };
}

const chain = (node: ClaimedNode, ring: Ring, platform: Ring, gates: boolean): ChainNews => ({
  kind: 'chain',
  eventId: ring.eventId,
  epoch: ring.epoch,
  platformEpoch: platform.epoch,
  // Decided once, where it begins: a later part goes on after the last statement that was sent.
  from: node.chain ?? chainStart(toldOf(node), ring, platform),
  gates,
});

/** On a fork, and nothing leads back: a bundle would be refused. */
const isLost = (told: number, { superiorEpoch }: Pick<RingHistory, 'superiorEpoch'>): boolean =>
  told === FORKED && superiorEpoch === null;
