/**
 * What computing takes, in this process and without any waiting in between: seconds of CPU and not of the clock, so that
 * whatever else the machine does meanwhile has no part in it.
 */
export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
};

/** How often the work is done in a second of CPU, one time after the other, over so many milliseconds by the clock. */
export async function perSecond(ms: number, work: () => unknown): Promise<number> {
  const [beganAt, before] = [performance.now(), cpuSeconds()];
  let count = 0;
  // The clock is asked once for several: it costs as much as the shortest of them.
  while (performance.now() - beganAt < ms) {
    for (let each = 0; each < 8; each++, count++) await work();
  }
  return count / (cpuSeconds() - before);
}

/** Milliseconds of CPU that the work takes, over so many times. */
export async function cpuMsEach(times: number, work: () => unknown): Promise<number> {
  const before = cpuSeconds();
  for (let each = 0; each < times; each++) await work();
  return (1_000 * (cpuSeconds() - before)) / times;
}
