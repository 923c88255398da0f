import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import type { FleetRun } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { auditRun } from './audit-run';
import { readRun } from './fleet-rows';

/** What an operator decides about a run that there is. */
@Injectable()
export class EndFleet {
  constructor(
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Goes on after a halt, with the next wave: what failed before counts no more towards the next halt.
   * @throws Problem unknownFleetRun, fleetRunUnderWay, fleetRunOver
   */
  resume(run: string, scopes: Scopes, identity: RequestIdentity): Promise<FleetRun> {
    return this.decide(run, scopes, identity, async (manager, state) => {
      if (state === 'running') throw problem('fleetRunUnderWay', { field: 'run' });
      await manager.query(
        `UPDATE ring.fleet_run
            SET state = 'running', forgiven = failed, due_at = clock_timestamp(), seq = seq + 1 WHERE id = $1`,
        [run],
      );
    });
  }

  /**
   * From this commit on nobody is waited for. A Node that was about to change its key may have done so all the same: what it
   * has then is shown with the Nodes.
   * @throws Problem unknownFleetRun, fleetRunOver
   */
  abort(run: string, scopes: Scopes, identity: RequestIdentity): Promise<FleetRun> {
    return this.decide(run, scopes, identity, (manager) =>
      manager.query(
        `WITH open AS (
           SELECT node_id, row_number() OVER (ORDER BY wave, node_id) AS place
             FROM ring.fleet_step WHERE run_id = $1 AND state IN ('waiting', 'ordered')
         ),
         ended AS (
           UPDATE ring.fleet_step AS step
              SET state = 'skipped', reason = 'aborted', changed_at = clock_timestamp(), seq = run.seq + open.place
             FROM open, ring.fleet_run AS run
            WHERE run.id = $1 AND step.run_id = $1 AND step.node_id = open.node_id
           RETURNING 1
         )
         UPDATE ring.fleet_run
            SET state = 'aborted', ended_at = clock_timestamp(), ordered = 0,
                seq = seq + 1 + (SELECT count(*) FROM ended), skipped = skipped + (SELECT count(*) FROM ended)
          WHERE id = $1`,
        [run],
      ),
    );
  }

  private decide(
    run: string,
    scopes: Scopes,
    identity: RequestIdentity,
    work: (manager: EntityManager, state: FleetRun['state']) => Promise<void>,
  ): Promise<FleetRun> {
    return this.transactions.once(identity, { shared: [] }, async (manager) => {
      // What ends its steps, and the loop, change it under this lock too.
      await manager.query('SELECT FROM ring.fleet_run WHERE id = $1 FOR UPDATE', [run]);
      const { state } = await readRun(manager, run, scopes);
      if (state !== 'running' && state !== 'halted') throw problem('fleetRunOver', { field: 'run' });
      await work(manager, state);
      const decided = await readRun(manager, run, scopes);
      const { rotated, failed, skipped } = decided;
      await auditRun(manager, identity, run, { state: decided.state, rotated, failed, skipped });
      this.logger.info({ run, was: state, state: decided.state }, 'fleet run decided');
      return decided;
    });
  }
}
