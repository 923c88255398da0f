/**
 * For a search that goes on from one state in many ways: what grows in place is copied, and all else is shared, since it is
 * only ever replaced. `changes` replaces members.
 */
export function copied<T extends object>(of: T, changes: object = {}): T {
  const copy = Object.create(Object.getPrototypeOf(of) as object) as Record<string, unknown>;
  for (const [name, value] of Object.entries(of)) {
    copy[name] = Array.isArray(value) ? [...value] : value instanceof Map ? new Map(value) : value;
  }
  return Object.assign(copy, changes) as T;
}
