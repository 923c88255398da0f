import type { EntityManager } from 'typeorm';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';

/** Of a run whose Nodes are of several scopes only those hear who may see all of them. */
export async function auditRun(
  manager: EntityManager,
  identity: RequestIdentity,
  run: string,
  after: object,
): Promise<void> {
  const [row] = await manager.query<{ scope: string | null }[]>(
    `SELECT CASE cardinality(scopes) WHEN 1 THEN scopes[1] END AS scope FROM ring.fleet_run WHERE id = $1`,
    [run],
  );
  await writeAudit(manager, identity, { scope: row?.scope ?? null, after: { run, ...after } });
}
