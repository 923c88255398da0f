import { KeyRingEntity } from '@plexsphere/store';
import { problem, type FleetTarget } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';

/** A condition on `node`, and its parameters: $1 and on. */
interface Chosen {
  where: string;
  parameters: unknown[];
}

/** The enrolled Nodes that are meant, among those whom the caller may command. */
export function chosenBy(targets: readonly FleetTarget[], scopes: Scopes): Chosen {
  const chosen: Chosen = {
    where: `node.state = 'enrolled' AND ($1::text[] IS NULL OR node.scope = ANY ($1))`,
    parameters: [scopes],
  };
  for (const target of targets) {
    if ('any_tags' in target) narrow(chosen, (tags) => `node.tags && ${tags}::text[]`, target.any_tags);
    else if ('all_tags' in target) narrow(chosen, (tags) => `node.tags @> ${tags}::text[]`, target.all_tags);
    else if ('scope' in target) narrow(chosen, (scope) => `node.scope = ${scope}`, target.scope);
    else if ('ids' in target) narrow(chosen, (ids) => `node.id = ANY (${ids}::uuid[])`, target.ids);
  }
  return chosen;
}

function narrow(chosen: Chosen, condition: (parameter: string) => string, value: unknown): void {
  chosen.parameters.push(value);
  chosen.where += ` AND ${condition(`$${chosen.parameters.length}`)}`;
}

/**
 * Whoever names a scope or a Node means that very one: none is passed over in silence.
 * @throws Problem permissionDenied, unknownScope; unknownNode, with those that are not there or not theirs
 */
export async function requireNamed(
  manager: EntityManager,
  targets: readonly FleetTarget[],
  scopes: Scopes,
): Promise<void> {
  for (const target of targets) {
    if ('scope' in target) {
      const { scope } = target;
      if (scopes !== null && !scopes.includes(scope)) throw problem('permissionDenied', { field: 'targets' });
      if (!(await manager.existsBy(KeyRingEntity, { scope }))) throw problem('unknownScope', { field: 'targets' });
    } else if ('ids' in target) {
      const unknown = await listUnknown(manager, target.ids, scopes);
      if (unknown.length > 0) throw problem('unknownNode', { field: 'targets', node_ids: unknown });
    }
  }
}

async function listUnknown(manager: EntityManager, ids: readonly string[], scopes: Scopes): Promise<string[]> {
  const { where, parameters } = chosenBy([{ ids: [...ids] }], scopes);
  const found = await manager.query<{ id: string }[]>(
    `SELECT node.id FROM ring.node AS node WHERE ${where}`,
    parameters,
  );
  const known = new Set(found.map(({ id }) => id));
  return ids.filter((id) => !known.has(id));
}
