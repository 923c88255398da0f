import type { Key } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';

/** What a ring knows of an epoch that some Node was told of last. */
export interface ToldEpoch {
  /** The key that was active then; undefined where the ring has no such epoch. */
  activeKeyId: string | undefined;
  /** How many statements there are after it, counted to two: whether it is one is what matters. */
  statementsAfter: number;
}

/** A key ring as the relay needs it: which keys verify, and which event tells of which epoch. */
export interface Ring {
  scope: Scope;
  epoch: number;
  trustEpoch: number;
  keys: readonly Key[];
  /** Of the change that made `epoch`, and of the one that made `trustEpoch`. */
  eventId: string;
  trustEventId: string;
  /** By epoch; for those that Nodes of this claim were told of. */
  told: ReadonlyMap<number, ToldEpoch>;
}

/** By scope; that of `platform` among them. */
export type Rings = ReadonlyMap<Scope, Ring>;
