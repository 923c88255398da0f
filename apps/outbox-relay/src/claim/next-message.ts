/** What a Node must hear next. Pure: the order of the kinds is the promise that no Node meets an unknown key. */
import { nextKeyNews, type KeyNews as RingNews, type RingHistory } from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { ChainPlace, ClaimedNode, OrdinaryMessage } from './claimed-node';
import type { Ring, Rings } from './ring';

/** The epochs that a Node's stream has told it once the message stands there. */
export interface Told {
  epoch?: number;
  platformEpoch?: number;
}

export interface Announcement {
  kind: 'announce';
  eventType: Extract<RingNews, { kind: 'announce' }>['eventType'];
  keyId: string;
  eventId: string;
  /** Of the Node's scope: the ring that signs. */
  epoch: number;
  told: Told;
}

export interface ChainNews {
  kind: 'chain';
  eventId: string;
  epoch: number;
  platformEpoch: number;
  /** Where its next part begins. */
  from: ChainPlace;
  /** Whether everything else waits for it. A close waits for nobody, and nobody for it. */
  gates: boolean;
}

export type Saying =
  | Announcement
  | ChainNews
  | { kind: 'ready'; helloId: string; epoch: number; platformEpoch: number }
  | { kind: 'ordinary'; message: OrdinaryMessage; epoch: number };

/**
 * Before an ordinary event is picked: that costs a position, so it comes last. `otherwise`: what the Node hears where there
 * is none.
 */
export type NextThing =
  Exclude<Saying, { kind: 'ordinary' }> | { kind: 'ordinary'; epoch: number; otherwise?: ChainNews };

/** Undefined where nothing may be said: the ring is behind what the Node was told, so an epoch went back. */
export function nextThing(node: ClaimedNode, rings: Rings): NextThing | undefined {
  const ring = rings.get(node.scope);
  const platform = rings.get(PLATFORM);
  if (ring === undefined || platform === undefined || node.toldEpoch > ring.epoch) return undefined;
  if (node.chain !== null) return chain(node, ring, platform, true);
  const told = { epoch: node.toldEpoch, platformEpoch: node.toldPlatformEpoch };
  const news = nextKeyNews(told, historyOf(ring), historyOf(platform));
  if (news.kind === 'announce') return announcement(news, ring, platform);
  if (news.kind === 'chain' && news.gates) return chain(node, ring, platform, true);
  const { epoch } = ring;
  if (node.hello !== null) {
    return { kind: 'ready', helloId: node.hello.helloId, epoch, platformEpoch: platform.epoch };
  }
  const close = news.kind === 'chain' ? { otherwise: chain(node, ring, platform, false) } : {};
  return { kind: 'ordinary', epoch, ...close };
}

const historyOf = (ring: Ring): RingHistory => ({
  ...ring,
  activeAt: (epoch) => ring.told.get(epoch)?.activeKeyId,
  statementsAfter: (epoch) => ring.told.get(epoch)?.statementsAfter ?? 0,
});

function announcement(
  { eventType, keyId, told }: Extract<RingNews, { kind: 'announce' }>,
  ring: Ring,
  platform: Ring,
): Announcement {
  const about = eventType === 'platform_key_rotated' ? platform : ring;
  return { kind: 'announce', eventType, keyId, eventId: about.trustEventId, epoch: ring.epoch, told };
}

const chain = (node: ClaimedNode, ring: Ring, platform: Ring, gates: boolean): ChainNews => ({
  kind: 'chain',
  eventId: ring.eventId,
  epoch: ring.epoch,
  platformEpoch: platform.epoch,
  from: node.chain ?? { afterEpoch: node.toldEpoch, afterPlatformEpoch: node.toldPlatformEpoch },
  gates,
});
