/** Longer than nearly all texts that are signed, in bytes of UTF-8. */
const ROOM = Buffer.allocUnsafeSlow(16_384);

/**
 * The bytes of a text that are looked at before this is called again: nothing is made for each text, where a buffer's memory
 * and what it takes to be rid of it come to a part of what a signature takes to verify. Never for what somebody keeps, nor
 * for another thread.
 */
export const momentaryBytes = (text: string): Uint8Array =>
  text.length * 3 <= ROOM.length ? ROOM.subarray(0, ROOM.write(text)) : Buffer.from(text);
