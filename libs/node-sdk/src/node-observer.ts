/** What the application around the SDK sees: its handler, what was refused, whom the Node trusts, counts, log lines. */
import type { ChannelErrorCode, EnvelopeRefusal, Scope } from '@plexsphere/wire';
import type { JwsRefusal } from '@plexsphere/wire/jws';

/** An event that was meant for this Node and verified. */
export interface NodeEvent {
  /** The same for every Node, and for every time that this event is handed over. */
  eventId: string;
  /** What its publisher called it: `route_updated`, say. */
  eventType: string;
  /** JSON text as it was signed; `null` where there is none. */
  payload: string;
  /** Where it stands among this Node's events: one further than the one before, or more where events were lost. */
  position: number;
  /** Whose key signed it. */
  scope: Scope;
  /** RFC 3339, of this sending. */
  issuedAt: string;
  /** The key under which it verified. */
  keyId: string;
  /** The epoch of the ring that the Node held then. */
  epoch: number;
}

/**
 * Called for one event at a time, in order of position. Runs at least once: commit eventId and position beside the
 * effect. When it throws it is called again, after a while, and nothing later is handed over before.
 */
export type Handler = (event: NodeEvent) => Promise<void>;

/** Why a message that would have changed whom the Node trusts was refused. */
export type KeyRefusal = JwsRefusal;

/** Why what the platform told a channel's member was refused: what it held before it still holds. */
export type ChannelRefusal = `channel_${ChannelErrorCode}`;

/** Why a message was refused: a closed union. */
export type RefusalReason = EnvelopeRefusal | KeyRefusal | ChannelRefusal;

/** A message on the Node's stream of which nothing was taken. */
export interface Refused {
  reason: RefusalReason;
  /** As far as the message could be read. */
  eventId?: string;
  eventType?: string;
  /** The sender's hint, which no signature covers. */
  keyId?: string;
}

/** Whom the Node trusts at this moment. */
export interface Trusts {
  /** Of the Node's own ring: one more at each of its changes. */
  epoch: number;
  platformEpoch: number;
  /** Newest first. */
  keyIds: string[];
  platformKeyIds: string[];
}

/** The Node's credential is turned away, by the bus or by a gateway. */
export interface TurnedAway {
  /** As the bus client calls it, `AUTHORIZATION_VIOLATION`, say; of a gateway its status, `401` or `403`. */
  reason: string;
  /** Since when, without a connection between. */
  since: Date;
  attempts: number;
}

/** What the application may listen to. Each is called at once, and must not throw. */
export interface NodeObserver {
  /**
   * The bus, or a gateway, does not let this Node in. Either the Node was removed, or its credential revoked: then it must
   * be enrolled anew. Or the bus has lost its account and will be given it back: from here the two look the same. The Node
   * goes on trying, with pauses that grow to 30 s. Told at the first refusal, and once a minute while it lasts.
   */
  onTurnedAway?: (turnedAway: TurnedAway) => void;
  /** The Node is in, and about to ask where its stream goes on: at the start, and after every loss. */
  onConnected?: () => void;
  onDisconnected?: () => void;
  /** A message was refused. The Node asks again for what it may have missed by it. */
  onRefused?: (refused: Refused) => void;
  /**
   * Events for this Node were lost: it was away for longer than they are kept. What they would have told must be read
   * anew, wherever the application has it from.
   */
  onResync?: (event: NodeEvent) => void;
  /** At the start, and whenever a key is taken, dropped, or runs out. */
  onTrusts?: (trusts: Trusts) => void;
}

/** Since `start()`. */
export interface Counts {
  /** Ordinary events whose handler returned. */
  applied: number;
  /** Events that came again, and were not handed over again. */
  duplicates: number;
  /** Key events and chains that changed what the Node trusts. */
  keyChanges: number;
  /** Of a channel's member: how often the keys of a ring were told and taken. */
  channelKeys: number;
  /** What would have changed keys, and told nothing new. */
  superseded: number;
  /** By reason; those that never happened are missing. */
  refused: Partial<Record<RefusalReason, number>>;
  /** How often the handler threw. */
  handlerFailures: number;
  /** How often the Node asked where its stream goes on. */
  hellos: number;
}

export const noCounts = (): Counts => ({
  applied: 0,
  duplicates: 0,
  keyChanges: 0,
  channelKeys: 0,
  superseded: 0,
  refused: {},
  handlerFailures: 0,
  hellos: 0,
});

/** Where the SDK says what it does: fits pino. The text of a line is constant, what differs stands in its fields. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
