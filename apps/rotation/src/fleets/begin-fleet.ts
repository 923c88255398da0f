import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { batchOf } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import type { FleetRun, RotateFleet } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { auditRun } from './audit-run';
import { readRun } from './fleet-rows';
import { chosenBy, requireNamed } from './fleet-targets';

/** A run whose Nodes and waves are fixed from its beginning: whoever is enrolled or tagged later is another run's. */
@Injectable()
export class BeginFleet {
  constructor(
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem permissionDenied, unknownScope, unknownNode, noTargets */
  begin(order: RotateFleet, scopes: Scopes, identity: RequestIdentity): Promise<FleetRun> {
    // It changes no ring and no Node: who is removed meanwhile is skipped by its wave.
    return this.transactions.once(identity, { shared: [] }, async (manager) => {
      await requireNamed(manager, order.targets, scopes);
      const run = randomUUID();
      if (!(await insertRun(manager, run, order, { scopes, actor: identity.actor }))) {
        throw problem('noTargets', { field: 'targets' });
      }
      const begun = await readRun(manager, run, null);
      const { nodes, waves, mode, on_error, targets, reason } = begun;
      await auditRun(manager, identity, run, { nodes, waves, mode, on_error, targets, reason });
      this.logger.info({ run, nodes, waves }, 'fleet run begun');
      return begun;
    });
  }
}

/** False where no Node is meant. In one statement, so that the run and its steps are of one look at the Nodes. */
async function insertRun(
  manager: EntityManager,
  run: string,
  { targets, mode, batch, on_error, stop_after, deadline_seconds, reason }: RotateFleet,
  { scopes, actor }: { scopes: Scopes; actor: string },
): Promise<boolean> {
  const { where, parameters } = chosenBy(targets, scopes);
  const first = parameters.length + 1;
  const at = (place: number): string => `$${first + place}`;
  const rows = await manager.query<unknown[]>(
    `WITH chosen AS MATERIALIZED (
       SELECT node.id, node.scope, (row_number() OVER (ORDER BY node.scope, node.name) - 1) / ${at(0)}::int + 1 AS wave
         FROM ring.node AS node
        WHERE ${where} AND EXISTS (SELECT FROM ring.node_key WHERE node_id = node.id AND state = 'active')
     ),
     run AS (
       INSERT INTO ring.fleet_run (id, mode, batch, on_error, stop_after, deadline_ms, targets, reason, state, created_by,
                                   scopes, nodes, waves)
       SELECT ${at(1)}::uuid, ${at(2)}, ${at(3)}::int, ${at(4)}, ${at(5)}::int, ${at(6)}::bigint * 1000, ${at(7)}::jsonb,
              ${at(8)}, 'running', ${at(9)}, array_agg(DISTINCT scope), count(*), max(wave)
         FROM chosen HAVING count(*) > 0
       RETURNING id
     )
     INSERT INTO ring.fleet_step (run_id, node_id, wave) SELECT run.id, chosen.id, chosen.wave FROM run, chosen
     RETURNING node_id`,
    [
      ...[...parameters, batchOf(mode, batch ?? null), run, mode, mode === 'rolling' ? batch : null, on_error],
      ...[
        on_error === 'stop-after' ? stop_after : null,
        deadline_seconds,
        JSON.stringify(targets),
        reason ?? null,
        actor,
      ],
    ],
  );
  return rows.length > 0;
}
