/**
 * Which message a Node gets next. Pure: the order of the kinds is the promise that no Node meets an unknown key
 * (ADR 0005).
 */
import { dueMessage, type ChainPlace, type KeyNews, type Told as ToldEpochs } from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { ClaimedNode, OrdinaryEvent } from './claimed-node';
import type { Rings } from './read-rings';

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

export interface OrdinaryMessage {
  kind: 'ordinary';
  event: OrdinaryEvent;
  epoch: number;
  trustEpoch?: number;
}

export type NextMessage = Announcement | ChainNews | Ready | OrdinaryMessage;

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

/** What is due to the Node by the rings as they stand, and which event tells of it. Undefined where nothing may be sent. */
export function chooseNext(node: ClaimedNode, rings: Rings): NextChoice | undefined {
  const ring = rings.get(node.scope);
  const platform = rings.get(PLATFORM);
  if (ring === undefined || platform === undefined) return undefined;
  const { chain, hello, toldEpoch, toldPlatformEpoch, platformForkedFrom } = node;
  const told = { epoch: toldEpoch, platformEpoch: toldPlatformEpoch };
  const due = dueMessage({ told, platformForkedFrom, chain, hello }, ring, platform);
  const { eventId, epoch } = ring;
  const end = { epoch, platformEpoch: platform.epoch };
  const chainFrom = (from: ChainPlace, gates: boolean): ChainNews => ({ kind: 'chain', eventId, ...end, from, gates });
  switch (due.kind) {
    case 'nothing':
      return undefined;
    case 'announce': {
      const { trustEventId } = due.eventType === 'platform_key_rotated' ? platform : ring;
      return { ...due, eventId: trustEventId, epoch, otherwise: due.otherwise && chainFrom(due.otherwise, true) };
    }
    case 'chain':
      return chainFrom(due.from, due.gates);
    case 'ready':
      return { kind: 'ready', helloId: due.hello.helloId, ...end };
    case 'ordinary':
      return { kind: 'ordinary', epoch, ...(due.closeFrom && { otherwise: chainFrom(due.closeFrom, false) }) };
  }
}
