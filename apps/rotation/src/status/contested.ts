import type { ContestedNodes, ScopeStatus } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

interface Row extends ContestedNodes {
  scope: string;
}

/** Of all scopes, from an index of those alone that are: such Nodes are few, or an emergency. */
export async function readContested(manager: EntityManager, namesShown: number): Promise<Map<string, ContestedNodes>> {
  const rows = await manager.query<Row[]>(
    `SELECT scope, count(*)::int AS count, (array_agg(name ORDER BY name))[1:$1] AS names
       FROM ring.node WHERE contested_at IS NOT NULL AND state = 'enrolled' GROUP BY scope`,
    [namesShown],
  );
  return new Map(rows.map(({ scope, ...nodes }) => [scope, nodes]));
}

export const contestedStatus = (contested: ContestedNodes | undefined): Pick<ScopeStatus, 'contested'> =>
  contested === undefined ? {} : { contested };
