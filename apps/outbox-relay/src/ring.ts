import type { Key } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';

/** A key ring as the relay needs it: which keys verify, and which event tells of which epoch. */
export interface Ring {
  scope: Scope;
  epoch: number;
  trustEpoch: number;
  keys: readonly Key[];
  /** Of the change that made `epoch`, and of the one that made `trustEpoch`. */
  eventId: string;
  trustEventId: string;
  /** The epochs that have a statement. */
  statementEpochs: readonly number[];
  /** epoch → the key id that was active then; for the epochs that were asked for. */
  activeAt: ReadonlyMap<number, string>;
}

/** By scope; that of `platform` among them. */
export type Rings = ReadonlyMap<Scope, Ring>;
