import { Injectable } from '@nestjs/common';
import {
  failureOf,
  mostFailuresOf,
  nextFleetStep,
  refusedBy,
  type FleetFacts,
  type NextFleetStep,
  type StepFacts,
} from '@plexsphere/keyring';
import type { FleetOnError } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { BusConnections } from '../bus-account/bus-connections';
import { roomFor } from '../node-keys/require-room';
import { writeState, writeSteps, type StepChange } from './write-steps';

export interface RunningFleet extends FleetFacts {
  id: string;
}

/** Whom a step has told what to do, once it is committed. */
export interface Nudges {
  run: string;
  expiresAt: Date;
  nodeIds: readonly string[];
}

/** A Node of the wave that is under way. */
interface WaveNode extends Omit<StepFacts, 'connections'> {
  nodeId: string;
  /** null of one whose keys are all revoked. */
  generation: number | null;
  publicKey: string | null;
}

/** Does what is next of a run, in the transaction that holds its lock. */
@Injectable()
export class TakeFleetStep {
  constructor(private readonly connections: BusConnections) {}

  async take(manager: EntityManager, fleet: RunningFleet, next: NextFleetStep, now: Date): Promise<Nudges | null> {
    switch (next.step) {
      case 'begin_wave':
        return this.begin(manager, fleet, next.wave, now);
      case 'nudge':
        return this.nudge(manager, fleet, next.nudge);
      case 'end_wave':
        await this.end(manager, fleet, now);
        return null;
      case 'halt':
        await writeState(manager, fleet.id, 'halted');
        return null;
      case 'finish':
        await writeState(manager, fleet.id, 'finished');
        return null;
      case 'wait':
        return null;
    }
  }

  private async begin(
    manager: EntityManager,
    { id: run, deadlineMs }: RunningFleet,
    wave: number,
    now: Date,
  ): Promise<Nudges> {
    const expiresAt = new Date(now.getTime() + deadlineMs);
    const nodes = await listWave(manager, run, wave, 'waiting');
    const changes = nodes.map((node): StepChange => {
      const reason = refusedBy(node);
      if (reason !== null) return { nodeId: node.nodeId, state: 'skipped', reason };
      const order = { generation: node.generation ?? 0, deadlineAt: expiresAt };
      return { nodeId: node.nodeId, state: 'ordered', reason: null, ...order };
    });
    await writeSteps(manager, run, 'waiting', changes);
    // A process that dies before it has told them leaves that to the next nudge, and to whoever connects.
    await manager.query('UPDATE ring.fleet_run SET wave = $2, wave_began_at = $3, nudges = 1 WHERE id = $1', [
      ...[run, wave, now],
    ]);
    const ordered = changes.filter(({ state }) => state === 'ordered');
    return { run, expiresAt, nodeIds: ordered.map(({ nodeId }) => nodeId) };
  }

  /** Whoever was removed or revoked meanwhile is waited for no longer. */
  private async nudge(manager: EntityManager, fleet: RunningFleet, nudge: number): Promise<Nudges> {
    const { id: run, wave, waveBeganAt, deadlineMs } = fleet;
    const nodes = await listWave(manager, run, wave, 'ordered');
    const gone = nodes.flatMap((node): StepChange[] => {
      const reason = refusedBy(node);
      return reason === null ? [] : [{ nodeId: node.nodeId, state: 'failed', reason }];
    });
    await writeSteps(manager, run, 'ordered', gone);
    await manager.query('UPDATE ring.fleet_run SET nudges = $2 WHERE id = $1', [run, nudge]);
    const told = nodes.filter((node) => refusedBy(node) === null && !node.hasChanged);
    const expiresAt = new Date((waveBeganAt?.getTime() ?? 0) + deadlineMs);
    return { run, expiresAt, nodeIds: told.map(({ nodeId }) => nodeId) };
  }

  private async end(manager: EntityManager, { id: run, wave }: RunningFleet, now: Date): Promise<void> {
    const isListFull = (await roomFor(manager)) === 0;
    const changes = (await listWave(manager, run, wave, 'ordered')).map((node): StepChange => {
      const { nodeId, publicKey, heardAt } = node;
      const connections = publicKey === null ? undefined : this.connections.of(publicKey);
      const reason = failureOf({ ...node, connections }, isListFull, now);
      return { nodeId, state: 'failed', reason, ...(reason === 'offline' && { offlineSince: heardAt }) };
    });
    await writeSteps(manager, run, 'ordered', changes);
  }
}

const listWave = (
  manager: EntityManager,
  run: string,
  wave: number,
  state: 'waiting' | 'ordered',
): Promise<WaveNode[]> =>
  manager.query(
    `SELECT step.node_id AS "nodeId", node.state AS node, node.contested_at IS NOT NULL AS "isContested",
            key.generation::float8 AS generation, key.public_key AS "publicKey",
            coalesce(key.generation > step.generation, false) AS "hasChanged",
            coalesce(stream.last_seen_at, stream.first_seen_at, node.added_at) AS "heardAt"
       FROM ring.fleet_step AS step
       JOIN ring.node AS node ON node.id = step.node_id
       JOIN outbox.node_stream AS stream ON stream.node_id = step.node_id
       LEFT JOIN ring.node_key AS key ON key.node_id = step.node_id AND key.state = 'active'
      WHERE step.run_id = $1 AND step.wave = $2 AND step.state = $3 ORDER BY step.node_id`,
    [run, wave, state],
  );

const SELECT_FACTS = `
  SELECT id, on_error AS "onError", stop_after AS "stopAfter", deadline_ms::float8 AS "deadlineMs", waves, wave,
         wave_began_at AS "waveBeganAt", nudges, ordered, failed, forgiven
    FROM ring.fleet_run WHERE state = 'running'`;

/** One that is due and that no other replica is at, locked until the transaction ends. */
export const lockDueFleet = (manager: EntityManager): Promise<RunningFleet | undefined> =>
  readFacts(
    manager,
    `${SELECT_FACTS} AND due_at <= clock_timestamp() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [],
  );

/** When to look at it again: now, where something is left to do. */
export async function putOff(manager: EntityManager, run: string, now: Date): Promise<void> {
  const fleet = await readFacts(manager, `${SELECT_FACTS} AND id = $1`, [run]);
  if (fleet === undefined) return;
  const next = nextFleetStep(fleet, now);
  await manager.query('UPDATE ring.fleet_run SET due_at = $2 WHERE id = $1', [
    ...[run, next.step === 'wait' ? next.until : now],
  ]);
}

async function readFacts(
  manager: EntityManager,
  statement: string,
  parameters: unknown[],
): Promise<RunningFleet | undefined> {
  const [row] = await manager.query<
    (Omit<RunningFleet, 'mostFailures'> & { onError: FleetOnError; stopAfter: number | null })[]
  >(statement, parameters);
  if (row === undefined) return undefined;
  const { onError, stopAfter, ...facts } = row;
  return { ...facts, mostFailures: mostFailuresOf(onError, stopAfter) };
}
