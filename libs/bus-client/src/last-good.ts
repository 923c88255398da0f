/**
 * Reads something anew each time, so that what was replaced meanwhile counts at once. Where it cannot be read, because it
 * is just being replaced, what was read last goes on; only a first reading may fail.
 */
export function lastGood<T extends NonNullable<unknown>>(read: () => T): () => T {
  let known: T | undefined;
  return () => {
    try {
      known = read();
    } catch (error) {
      if (known === undefined) throw error;
    }
    return known;
  };
}
