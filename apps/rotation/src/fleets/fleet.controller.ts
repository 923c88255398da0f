import { Controller } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type {
  AbortFleet,
  FleetRun,
  ListEdge,
  ListEdgeReply,
  ListFleets,
  ListFleetsReply,
  PlanFleet,
  PlanFleetReply,
  ResumeFleet,
  RotateFleet,
  ShowFleet,
  ShowFleetReply,
  WatchFleet,
  WatchFleetReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { findNode } from '../nodes/list-nodes';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { readSnapshot } from '../transactions/database-clock';
import { BeginFleet } from './begin-fleet';
import { EndFleet } from './end-fleet';
import { FleetLoop } from './fleet-loop';
import { listChangedSteps, listRuns, listSteps, readRun } from './fleet-rows';
import { requireNamed } from './fleet-targets';
import { listEdge } from './list-edge';
import { planFleet } from './plan-fleet';

/** In one reply: Nodes of a kilobyte at most with their tags, steps of some 300 bytes, and runs of 20 KiB with their targets. */
const NODES_IN_REPLY = 500;
const STEPS_IN_REPLY = 1_000;
const RUNS_IN_REPLY = 20;

/** Nodes by their keys, and runs that have many of them changed. */
@Controller()
export class FleetController {
  constructor(
    private readonly database: DataSource,
    private readonly beginning: BeginFleet,
    private readonly ending: EndFleet,
    private readonly loop: FleetLoop,
  ) {}

  /** @throws Problem permissionDenied, unknownScope; unknownNode, of a target or where there is no Node `after` */
  @Handles('edge.list')
  listEdge({ targets = [], scope, after }: ListEdge, asked: Asked): Promise<ListEdgeReply> {
    const scopes = asked.visibleScopes(scope);
    return readSnapshot(this.database, async (manager, now) => {
      await requireNamed(manager, targets, scopes);
      if (after !== undefined && (await findNode(manager, scopes, { id: after })) === undefined) {
        throw problem('unknownNode', { field: 'after' });
      }
      const from = { ...(after !== undefined && { after }), limit: NODES_IN_REPLY + 1 };
      const nodes = await listEdge(manager, { targets, scopes, ...from }, now);
      return pageOf('nodes', nodes, NODES_IN_REPLY, ({ node_id: id }) => id);
    });
  }

  @Handles('fleet.rotate')
  async rotate(order: RotateFleet, { operator, identity }: Asked): Promise<FleetRun> {
    const begun = await this.beginning.begin(order, operator.scopes, identity);
    this.loop.wake();
    return begun;
  }

  @Handles('fleet.plan')
  plan(order: PlanFleet, { operator }: Asked): Promise<PlanFleetReply> {
    return readSnapshot(this.database, (manager) => planFleet(manager, order, operator.scopes));
  }

  /** @throws Problem unknownFleetRun where there is none `after` any more */
  @Handles('fleet.list')
  list({ after }: ListFleets, { operator: { scopes } }: Asked): Promise<ListFleetsReply> {
    return readSnapshot(this.database, async (manager) => {
      if (after !== undefined) await readRun(manager, after, scopes, 'after');
      const runs = await listRuns(manager, scopes, { after, limit: RUNS_IN_REPLY + 1 });
      return pageOf('runs', runs, RUNS_IN_REPLY, ({ run }) => run);
    });
  }

  /** @throws Problem unknownFleetRun */
  @Handles('fleet.show')
  show({ run, after }: ShowFleet, { operator: { scopes } }: Asked): Promise<ShowFleetReply> {
    return readSnapshot(this.database, async (manager) => {
      const shown = await readRun(manager, run, scopes);
      const steps = await listSteps(manager, run, { after, limit: STEPS_IN_REPLY + 1 });
      return { ...shown, ...pageOf('steps', steps, STEPS_IN_REPLY, ({ node_id: id }) => id) };
    });
  }

  /** @throws Problem unknownFleetRun */
  @Handles('fleet.watch')
  watch({ run, after_seq: afterSeq }: WatchFleet, { operator: { scopes } }: Asked): Promise<WatchFleetReply> {
    return readSnapshot(this.database, async (manager) => {
      const watched = await readRun(manager, run, scopes);
      const steps = await listChangedSteps(manager, run, { afterSeq, limit: STEPS_IN_REPLY + 1 });
      return { ...watched, steps: steps.slice(0, STEPS_IN_REPLY), more: steps.length > STEPS_IN_REPLY };
    });
  }

  @Handles('fleet.resume')
  async resume({ run }: ResumeFleet, { operator, identity }: Asked): Promise<FleetRun> {
    const resumed = await this.ending.resume(run, operator.scopes, identity);
    this.loop.wake();
    return resumed;
  }

  @Handles('fleet.abort')
  abort({ run }: AbortFleet, { operator, identity }: Asked): Promise<FleetRun> {
    return this.ending.abort(run, operator.scopes, identity);
  }
}

/** Where there is one more than fits, the page says from behind which the next one goes on. */
function pageOf<Name extends string, Row>(
  name: Name,
  rows: readonly Row[],
  most: number,
  idOf: (row: Row) => string,
): Record<Name, Row[]> & { next?: string } {
  const shown = rows.slice(0, most);
  const last = shown.at(-1);
  const next = rows.length > most && last !== undefined ? { next: idOf(last) } : {};
  return { [name]: shown, ...next } as Record<Name, Row[]> & { next?: string };
}
