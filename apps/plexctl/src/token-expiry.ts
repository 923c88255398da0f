/** A token of three months is renewed two weeks before its end, one of a day hours before. */
const LAST_PART_OF_LIFE = 0.15;
const EARLIEST_MS = 14 * 24 * 3_600_000;

/** When the bus user JWT of a token file ends, where that is soon; it is read for a note and trusted for nothing. */
export function endsSoon(jwt: string, now: Date): Date | undefined {
  try {
    const { iat, exp } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    if (typeof iat !== 'number' || typeof exp !== 'number') return undefined;
    const leftMs = exp * 1_000 - now.getTime();
    const isSoon = leftMs > 0 && leftMs < Math.min(EARLIEST_MS, (exp - iat) * 1_000 * LAST_PART_OF_LIFE);
    return isSoon ? new Date(exp * 1_000) : undefined;
  } catch {
    return undefined;
  }
}
