import type { Counted, Progress } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { RegardCounts } from './counts';

interface InScope {
  scope: Scope;
  counts: RegardCounts;
  /** Without names where the asker may not see the scope. */
  progress: Progress;
}

/** The Nodes of several scopes in their order, names with the scope before them. */
export function together(scopes: readonly InScope[], names: number): Progress {
  const quietest = scopes.reduce<InScope | null>((one, other) => (heardAt(other) < heardAt(one) ? other : one), null);
  return {
    enrolled: sum(scopes, ({ enrolled }) => enrolled),
    sent: sum(scopes, ({ sent }) => sent),
    applied: sum(scopes, ({ applied }) => applied),
    lagging: joined(
      scopes,
      ({ lagging }) => lagging,
      (name, scope) => `${scope}/${name}`,
      names,
    ),
    pending: joined(
      scopes,
      ({ pending }) => pending,
      (name, scope) => `${scope}/${name}`,
      names,
    ),
    offline: joined(scopes, ({ offline }) => offline, inScope, names),
    // Of all of them, and named where it may be.
    quietest: quietest?.progress.quietest ? inScope(quietest.progress.quietest, quietest.scope) : null,
  };
}

const sum = (scopes: readonly InScope[], numberOf: (progress: Progress) => number): number =>
  scopes.reduce((total, { progress }) => total + numberOf(progress), 0);

const joined = <Item>(
  scopes: readonly InScope[],
  listOf: (progress: Progress) => Counted<Item>,
  itemOf: (item: Item, scope: Scope) => Item,
  names: number,
): Counted<Item> => ({
  count: sum(scopes, (progress) => listOf(progress).count),
  first: scopes
    .flatMap(({ scope, progress }) => listOf(progress).first.map((item) => itemOf(item, scope)))
    .slice(0, names),
});

const inScope = <Node extends { name: string }>(node: Node, scope: Scope): Node => ({
  ...node,
  name: `${scope}/${node.name}`,
});

const heardAt = (each: InScope | null): number => each?.counts.heard?.getTime() ?? Infinity;
