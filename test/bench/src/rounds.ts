/**
 * All contestants by turns, so many times, for each what it gave in each round. Whatever else the machine does meanwhile is
 * everybody's lot; and who is first in one round is last in the next, so that nobody always finds it warm.
 */
export async function inTurns<Name extends string, Figures>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<Figures>>>,
): Promise<Record<Name, Figures[]>> {
  const names = Object.keys(contestants) as Name[];
  const gave = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Figures[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) gave[name].push(await contestants[name]());
  }
  return gave;
}
