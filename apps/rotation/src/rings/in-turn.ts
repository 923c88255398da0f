import type { Scope } from '@plexsphere/wire';

/**
 * In the order of their scopes, from behind the one that was begun last on, then the others: for work that looks at so
 * many and no more at a time. What waits, or is refused, at the front then holds up nobody behind it.
 */
export function inTurn<Item extends { scope: Scope }>(items: readonly Item[], last: Scope | undefined): Item[] {
  const sorted = [...items].sort((a, b) => (a.scope < b.scope ? -1 : 1));
  if (last === undefined) return sorted;
  const behind = sorted.findIndex(({ scope }) => scope > last);
  return behind < 0 ? sorted : [...sorted.slice(behind), ...sorted.slice(0, behind)];
}
