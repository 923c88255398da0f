/** How often a second the work is done, one time after the other, for so long; without any waiting in between. */
export async function perSecond(ms: number, work: () => unknown): Promise<number> {
  const beganAt = performance.now();
  let [count, now] = [0, beganAt];
  // The clock is asked once for several: it costs as much as the shortest of them.
  for (; now - beganAt < ms; now = performance.now()) {
    for (let each = 0; each < 8; each++, count++) await work();
  }
  return (1_000 * count) / (now - beganAt);
}
