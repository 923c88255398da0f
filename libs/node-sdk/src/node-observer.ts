/** What the application around the SDK sees: its handler, what was refused, whom the Node trusts, counts, log lines. */
import type { EnvelopeRefusal, Scope } from '@plexsphere/wire';
import type { KeyRefusal } from './key-change';

export interface NodeEvent {
  /** The same for every Node, and for every time that this event is handed over. */
  event_id: string;
  event_type: string;
  /** JSON text as it was signed; `null` where there is none. */
  payload: string;
  position: number;
  scope: Scope;
  /** RFC 3339, of this sending. */
  issued_at: string;
  /** The key under which it verified. */
  key_id: string;
  /** The epoch of the ring that the Node held then. */
  epoch: number;
}

/**
 * Called for one event at a time, in order of position. Runs at least once: commit event_id and position beside the
 * effect. When it throws it is called again, after a while, and nothing later is handed over before.
 */
export type Handler = (event: NodeEvent) => Promise<void>;

export type RefusalReason = EnvelopeRefusal | KeyRefusal;

export interface Refused {
  reason: RefusalReason;
  /** As far as the message could be read. The key id is the sender's hint. */
  event_id?: string;
  event_type?: string;
  key_id?: string;
}

export interface Trusts {
  epoch: number;
  platform_epoch: number;
  /** Newest first. */
  key_ids: string[];
  platform_key_ids: string[];
}

export interface BusRefused {
  /** As the bus client calls it: `AUTHORIZATION_VIOLATION`, say. */
  reason: string;
  /** Since when, without a connection between. */
  since: Date;
  attempts: number;
}

export interface NodeObserver {
  /**
   * The bus does not let this Node in. Either the Node was removed, or its credential revoked: then it must be enrolled
   * anew. Or the bus has lost its account and will be given it back: from here the two look the same. The Node goes on
   * trying, with pauses that grow to 30 s. Told at the first refusal, and once a minute while it lasts.
   */
  onBusRefused?: (refused: BusRefused) => void;
  onRefused?: (refused: Refused) => void;
  /**
   * Events for this Node were lost: it was away for longer than they are kept. What they would have told must be read
   * anew, wherever the application has it from.
   */
  onResync?: (event: NodeEvent) => void;
  /** At the start, and whenever a key is taken, dropped, or runs out. */
  onTrusts?: (trusts: Trusts) => void;
}

export interface Counts {
  /** Ordinary events whose handler returned. */
  applied: number;
  duplicates: number;
  /** Key events and chains that changed what the Node trusts. */
  keyChanges: number;
  superseded: number;
  refused: Partial<Record<RefusalReason, number>>;
  handlerFailures: number;
  hellos: number;
}

export const noCounts = (): Counts => ({
  applied: 0,
  duplicates: 0,
  keyChanges: 0,
  superseded: 0,
  refused: {},
  handlerFailures: 0,
  hellos: 0,
});

/** Fits pino. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
