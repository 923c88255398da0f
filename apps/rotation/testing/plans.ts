/** For specs: what a question really cost, as PostgreSQL counts it. Time says nothing on a busy machine; rows do. */
import type { DataSource, EntityManager } from 'typeorm';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

/** Asks by a database whose raw queries are explained as they are sent, in the very transaction. */
export async function plansOf(
  database: DataSource,
  ask: (database: DataSource) => Promise<unknown>,
): Promise<PlanNode[]> {
  const plans: PlanNode[] = [];
  const explaining = (manager: EntityManager): EntityManager =>
    new Proxy(manager, {
      get: (target, member) => (member === 'query' ? query(target) : Reflect.get(target, member, target)),
    });
  const query =
    (manager: EntityManager) =>
    async (text: string, parameters?: unknown[]): Promise<unknown> => {
      if (/^\s*(WITH|SELECT)\b/.test(text)) {
        const [row] = await manager.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, parameters);
        plans.push(row['QUERY PLAN'][0].Plan);
      }
      return manager.query(text, parameters);
    };
  const transaction = (level: 'REPEATABLE READ', work: (manager: EntityManager) => Promise<unknown>) =>
    database.transaction(level, (manager) => work(explaining(manager)));
  await ask({ transaction } as unknown as DataSource);
  return plans;
}

/** Rows of a table that were looked at, those that did not fit too. */
export const rowsRead = (plans: readonly PlanNode[], table: string): number =>
  plans.reduce((sum, plan) => sum + readBy(plan, table) + rowsRead(plan.Plans ?? [], table), 0);

function readBy(plan: PlanNode, table: string): number {
  if (plan['Relation Name'] !== table) return 0;
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return (plan['Actual Rows'] + removed) * plan['Actual Loops'];
}
