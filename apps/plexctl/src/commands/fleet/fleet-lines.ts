/** Fleet runs and their steps in words. */
import type { FleetRun, FleetStep, PlanFleetReply, StepReason } from '@plexsphere/wire/commands';
import { labelled, named, orDash, plural, type Line } from '../../layout';
import { printable } from '../../printable';
import { span, utc, type Table } from '../../render';
import { writtenTarget } from './targets';

const REASONS: Record<StepReason, string> = {
  offline: 'offline',
  no_answer: 'no answer in time',
  not_confirmed: 'changed its key, and has not confirmed it in time',
  removed: 'removed',
  revoked: 'revoked',
  contested: 'contested: a key that was replaced is in use',
  revocation_list_full: 'the list of revocations is full: no key is changed for now',
  aborted: 'the run was aborted',
  disk_full: 'no space left on the host',
  read_only: 'the state folder of the host is read-only',
  store_failed: 'the host could not write its state',
};

/** `14:02:11Z`, with the day where that is another one than the step's. */
function sinceText(since: string, at: string): string {
  const seconds = utc(since).replace(/\.\d+Z$/, 'Z');
  return seconds.slice(0, 10) === utc(at).slice(0, 10) ? seconds.slice(11) : seconds;
}

export function reasonText({ reason, offline_since: since, changed_at: at }: FleetStep): string {
  if (reason === null) return '';
  return since === null ? REASONS[reason] : `${REASONS[reason]} since ${sinceText(since, at)}`;
}

/** Undefined of one that has not ended. */
export function stepLine(step: FleetStep): string | undefined {
  const node = `[n-${step.node_id.slice(0, 6)} ${printable(step.name)}]`;
  if (step.state === 'rotated') return `${node} ✔ rotated (old key archived; new token bound)`;
  if (step.state === 'failed') return `${node} ✖ failed (${reasonText(step)})`;
  return step.state === 'skipped' ? `${node} – skipped (${reasonText(step)})` : undefined;
}

/** How many Nodes a wave has. */
export const waveSize = ({ mode, batch, nodes }: FleetRun, wave: number): number =>
  mode === 'parallel' ? nodes : Math.min(batch ?? 1, nodes - (wave - 1) * (batch ?? 1));

export const waveLine = (run: FleetRun, wave: number): string =>
  `[wave ${wave}] starting ${waveSize(run, wave)} of ${plural(run.nodes, 'node')}`;

const countsText = ({ nodes, rotated, failed, skipped }: FleetRun): string => {
  const left = nodes - rotated - failed - skipped;
  const counts = { rotated, failed, skipped, left };
  const told = Object.entries(counts).filter(([name, count]) => name === 'rotated' || count > 0);
  return `${told.map(([name, count]) => `${count} ${name}`).join(', ')} of ${plural(nodes, 'node')}`;
};

export const summaryLine = (run: FleetRun): string => `[run ${run.run}] ${run.state}: ${countsText(run)}`;

const modeText = ({ mode, batch }: FleetRun): string => (batch === null ? mode : `${mode}=${batch}`);
const onErrorText = ({ on_error: onError, stop_after: most }: FleetRun): string =>
  most === null ? onError : `${onError}=${most}`;

export const runTable = (runs: readonly FleetRun[]): Table => ({
  columns: ['RUN', 'STATE', 'MODE', 'WAVE', 'NODES', 'ROTATED', 'FAILED', 'SKIPPED', 'CREATED_AT'],
  rows: runs.map((run) => [
    ...[run.run, run.state, modeText(run), `${run.wave}/${run.waves}`],
    ...[run.nodes, run.rotated, run.failed, run.skipped].map(String),
    utc(run.created_at),
  ]),
});

export const runLines = (run: FleetRun): string[] =>
  labelled([
    { label: 'run', text: `${run.run}, ${run.state}` },
    { label: 'nodes', text: countsText(run) },
    { label: 'waves', text: `${run.wave} of ${run.waves} begun, ${modeText(run)}` },
    { label: 'deadline', text: `${span(run.deadline_seconds)} for each Node` },
    { label: 'on error', text: onErrorText(run) },
    { label: 'targets', text: run.targets.map(writtenTarget).join(' and ') },
    ...(run.reason === null ? [] : [{ label: 'reason', text: run.reason }]),
    { label: 'begun', text: `${utc(run.created_at)} by ${run.created_by}` },
    ...(run.ended_at === null ? [] : [{ label: 'ended', text: utc(run.ended_at) }]),
  ]);

export const stepTable = (steps: readonly FleetStep[]): Table => ({
  columns: ['WAVE', 'NODE_ID', 'SCOPE', 'NAME', 'STATE', 'CHANGED_AT', 'REASON'],
  rows: steps.map((step) => [
    ...[String(step.wave), step.node_id, step.scope, step.name, step.state, utc(step.changed_at)],
    orDash(reasonText(step) || null),
  ]),
});

export function planLines(plan: PlanFleetReply): string[] {
  const nameOf = ({ scope, name }: { scope: string; name: string }): string => `${scope}/${name}`;
  const { nodes, waves, offline, without_node_key: without, left_out: leftOut, fits, first } = plan;
  const lines: Line[] = [{ label: 'nodes', text: `${nodes} in ${plural(waves, 'wave')}` }];
  if (first.length > 0) lines.push({ label: 'these', text: named(first.map(nameOf), nodes) });
  if (offline > 0) lines.push({ label: 'offline', text: `${offline}: failed, unless they come before their deadline` });
  if (without > 0) {
    const listening = leftOut.map((node) => `${nameOf(node)} (${node.listens})`);
    lines.push({ label: 'left out', text: `${without} without a Node key: ${named(listening, without)}` });
  }
  const room =
    fits < nodes ? `${fits} changes only: the others fail until tokens of old keys have expired` : `${fits} changes`;
  lines.push({ label: 'room for', text: room });
  return labelled(lines);
}
