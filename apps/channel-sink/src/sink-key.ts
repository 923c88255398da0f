/** A key of a ring, as the SDK hands it over before it proves anything: newest first. */
export interface SinkKey {
  keyId: string;
  secret: Uint8Array;
  use: 'sign' | 'verify';
  /** The one that signs. */
  active: boolean;
}

/** What the party behind the target does by the ring's keys. */
export type Use = SinkKey['use'];
