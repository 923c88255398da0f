/** What an application sees of its Node as a channel's member. */

/** A key that a member holds. */
export interface MemberKey {
  keyId: string;
  /** A copy: whoever has done with it may overwrite it. A `Buffer`. */
  secret: Uint8Array;
  /** Whether this side signs by it, or verifies. */
  use: 'sign' | 'verify';
  /** Whether it is the one that signs; of a receiver, by which its senders sign. */
  active: boolean;
  /** When it serves no more, also where nothing new is heard. */
  verifiesUntil: Date | null;
}

/** A ring of the member's channel, as it holds it on its disk. */
export interface MemberRing {
  scope: string;
  epoch: number;
  /** Whether this side signs in it, or verifies. */
  use: 'sign' | 'verify';
}

/** The secrets of a channel that this Node shares, and what it tells of them. */
export interface ChannelMember {
  readonly slug: string;
  readonly side: string;
  /** None before the first were told, and on the disk. */
  readonly rings: MemberRing[];
  /**
   * By which keys of that ring to sign, all of them, the active one first; or to verify, newest first. Ask for each
   * message: it costs nothing. None of a ring that the member does not hold.
   * @throws NodeSdkError `not_started`
   */
  keysFor(scope: string): MemberKey[];
  /** Called after what `keysFor` answers has changed, with the ring's name. Returns how to end it. Must not throw. */
  onChange(listener: (scope: string) => void): () => void;
  /** A message was signed by it. */
  signed(scope: string, keyId: string): void;
  /** A message verified by it; `alone` where it carried nothing by a newer key of the ring. */
  verified(scope: string, keyId: string, alone: boolean): void;
  /** A message was refused: why, in lower case and underscores, one of two dozen words at most. */
  refused(scope: string, reason: string): void;
  /**
   * Of a sink: what it has written for that ring stands there no more. It is reported as not held, and `beforeProof` is
   * called again, until it resolves.
   */
  withdraw(scope: string): void;
}

/**
 * Of a sink: called with all keys that it holds of a ring, whenever those have changed and at each start. What it resolves
 * to is proven, and nothing before: so it writes, reads back and compares. It is called again, after a while, when it
 * throws. `takenOver`: ids of keys that it found where it writes and kept, and that are none of ours.
 */
export type BeforeProof = (
  scope: string,
  keys: MemberKey[],
  epoch: number,
) => Promise<{ takenOver?: readonly string[] } | void>;
