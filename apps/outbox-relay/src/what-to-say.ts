/** What a Node must hear next. Pure: the order of the kinds is the promise that no Node meets an unknown key. */
import { activeKey, nextKeyMessage } from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { Announce } from '@plexsphere/wire/commands';
import type { ClaimedNode, OrdinaryMessage } from './claim';
import type { Ring, Rings } from './ring';

/** The epochs that a Node's stream has told it once the message stands there. */
export interface Told {
  epoch?: number;
  platformEpoch?: number;
}

export type KeyNews =
  | {
      kind: 'announce';
      eventType: Announce['event_type'];
      keyId: string;
      eventId: string;
      /** Of the Node's scope: the ring that signs. */
      epoch: number;
      told: Told;
    }
  | { kind: 'chain'; eventId: string; epoch: number; platformEpoch: number; told: Required<Told> };

export type Saying =
  | KeyNews
  | { kind: 'ready'; helloId: string; epoch: number }
  | { kind: 'ordinary'; message: OrdinaryMessage; epoch: number };

/** Before ordinary events, `nextOrdinary` picks the one whose turn it is; that costs a position, so it comes last. */
export type NextThing = Exclude<Saying, { kind: 'ordinary' }> | { kind: 'ordinary'; epoch: number };

/** Undefined where nothing may be said: the ring is behind what the Node was told, so an epoch went back. */
export function nextThing(node: ClaimedNode, rings: Rings): NextThing | undefined {
  const ring = rings.get(node.scope);
  const platform = rings.get(PLATFORM);
  if (ring === undefined || platform === undefined || node.toldEpoch > ring.epoch) return undefined;
  const news = ownNews(node, ring, platform) ?? platformNews(node, ring, platform);
  if (news !== undefined) return news;
  const { epoch } = ring;
  return node.hello === null ? { kind: 'ordinary', epoch } : { kind: 'ready', helloId: node.hello.helloId, epoch };
}

function ownNews(node: ClaimedNode, ring: Ring, platform: Ring): KeyNews | undefined {
  const message = nextKeyMessage(node.toldEpoch, ring, (epoch) => ring.activeAt.get(epoch));
  if (message.kind === 'none') return undefined;
  if (message.kind === 'chain') return chain(ring, platform);
  const { eventType, keyId } = message;
  // A Node of the platform's own scope has one ring under two names.
  const told = node.scope === PLATFORM ? { epoch: ring.epoch, platformEpoch: ring.epoch } : { epoch: ring.epoch };
  return { kind: 'announce', eventType, keyId, eventId: ring.eventId, epoch: ring.epoch, told };
}

/**
 * A Domain's Node trusts the platform ring as an anchor, and its Domain's key announces the change. An announcement
 * carries one statement, so it can bridge one change only; beyond that, and once the old key is closed, the chain does.
 */
function platformNews(node: ClaimedNode, ring: Ring, platform: Ring): KeyNews | undefined {
  if (node.scope === PLATFORM || node.toldPlatformEpoch >= platform.trustEpoch) return undefined;
  const missing = platform.statementEpochs.filter((epoch) => epoch > node.toldPlatformEpoch).length;
  const message = nextKeyMessage(node.toldPlatformEpoch, platform, (epoch) => platform.activeAt.get(epoch));
  if (message.kind !== 'announce' || missing !== 1) return chain(ring, platform);
  return {
    kind: 'announce',
    eventType: 'platform_key_rotated',
    keyId: activeKey(ring).keyId,
    eventId: platform.trustEventId,
    epoch: ring.epoch,
    told: { platformEpoch: platform.trustEpoch },
  };
}

const chain = (ring: Ring, platform: Ring): KeyNews => ({
  kind: 'chain',
  eventId: ring.eventId,
  epoch: ring.epoch,
  platformEpoch: platform.epoch,
  told: { epoch: ring.epoch, platformEpoch: platform.epoch },
});
