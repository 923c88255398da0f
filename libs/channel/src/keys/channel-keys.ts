/** What a process holds of a ring, and where it has that from. */

export interface ChannelKey {
  readonly keyId: string;
  /** 32 bytes or more. */
  readonly secret: Uint8Array;
  /** A sender signs by it, a receiver verifies by it; what is for the one is not taken for the other. */
  readonly use: 'sign' | 'verify';
  /** When it serves no more, also where nothing new is heard; null of what has no end. */
  readonly verifiesUntil: Date | null;
}

/** Where keys come from: asked for each message. */
export interface ChannelKeys {
  /** Newest first; none of a ring that it knows nothing of. */
  keysFor(scope: string): Promise<readonly ChannelKey[]>;
  /** For a message that no key of those verifies: who reads them somewhere reads again, at most every so often. */
  keysAgain(scope: string): Promise<readonly ChannelKey[]>;
}

/** pino's, console's, and most others': fields, then a text that does not change. */
export interface ChannelLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
