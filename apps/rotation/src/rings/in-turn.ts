import type { Scope } from '@plexsphere/wire';

/**
 * In their order, from behind the one that was begun last on, then the others: for work that looks at so many and no more
 * at a time. What waits, or is refused, at the front then holds up nobody behind it.
 */
export function inTurn(scopes: readonly Scope[], last: Scope | undefined): Scope[] {
  const sorted = [...scopes].sort();
  if (last === undefined) return sorted;
  const behind = sorted.findIndex((scope) => scope > last);
  return behind < 0 ? sorted : [...sorted.slice(behind), ...sorted.slice(0, behind)];
}
