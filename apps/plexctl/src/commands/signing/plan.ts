import type { PlanCloseReply, PlanRotateReply } from '@plexsphere/wire/commands';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled, named, plural, type Line } from '../../layout';
import { utc, type Result } from '../../render';
import { countsText, membersText } from './status-layout';

/** What a plan shows. Exit code 1 where the command itself would be refused. */

export function rotatePlan(plan: PlanRotateReply): Result {
  const { scope, old_key_id, new_key_id, propagated_at: from, closes_at, signers, domain_nodes: domains } = plan;
  const { waiting_for: waitingFor } = plan;
  return planned(plan, [
    { label: 'would rotate', text: scope },
    { label: 'from', text: old_key_id ?? 'no key' },
    { label: 'to', text: new_key_id ?? 'no key: none is staged' },
    ...(from === undefined ? [] : [{ label: 'may sign', text: `from ${utc(from)} on; before by --force alone` }]),
    ...(waitingFor === undefined ? [] : [{ label: 'signs', text: provenText(waitingFor) }]),
    {
      label: 'closes at',
      text: `${utc(closes_at)}, if it were opened ${waitingFor === undefined ? 'now' : 'and signed by now'}`,
    },
    { label: 'signers', text: signers.length === 0 ? 'none' : `${named(signers)} would try the new key` },
    waitingFor === undefined ? { label: 'nodes', text: told(plan) } : { label: 'members', text: told(plan, 'member') },
    ...(domains === undefined ? [] : [{ label: 'domains', text: `of all Domains ${told(domains)}` }]),
  ]);
}

const provenText = (waitingFor: readonly string[]): string =>
  waitingFor.length === 0
    ? 'nobody verifies: it would never sign'
    : `not before ${named(waitingFor)} ${waitingFor.length === 1 ? 'has' : 'have'} proven to hold it; then by itself`;

function told(
  { nodes, pending_count, offline_count }: NonNullable<PlanRotateReply['domain_nodes']>,
  noun = 'Node',
): string {
  if (nodes === 0) return 'none is enrolled';
  const away =
    pending_count + offline_count === 0
      ? 'none of them pending or offline'
      : `${pending_count} pending and ${offline_count} offline among them, which catch up when they are back`;
  return `${plural(nodes, noun)} would be told; ${away}`;
}

export function closePlan(plan: PlanCloseReply): Result {
  const { scope, old_key_id, new_key_id, closes_at, earliest_close_at: earliest, nodes, domain_nodes: domains } = plan;
  const keys: Line[] = [
    { label: 'would close', text: scope },
    { label: 'retires', text: old_key_id ?? 'no key' },
    { label: 'keeps', text: new_key_id ?? 'no key' },
  ];
  if (plan.channel !== undefined) return planned(plan, [...keys, ...channelLines(plan, plan.channel)]);
  return planned(plan, [
    ...keys,
    { label: 'closes at', text: closes_at === null ? 'nothing is open' : utc(closes_at) },
    { label: 'earliest close', text: earliest === null ? unknownText(plan) : utc(earliest) },
    { label: 'safe from', text: safeText(plan) },
    { label: 'nodes', text: countsText(nodes) },
    ...(nodes.lagging_count > 0 ? [{ label: 'lagging', text: named(nodes.lagging, nodes.lagging_count) }] : []),
    ...(nodes.pending_count > 0 ? [{ label: 'pending', text: named(nodes.pending, nodes.pending_count) }] : []),
    ...(domains === undefined ? [] : [{ label: 'domains', text: `${countsText(domains)}; they block nothing` }]),
  ]);
}

/** Nobody fetches its keys: members that sign, and members that verify, say how far they are. */
function channelLines(plan: PlanCloseReply, channel: NonNullable<PlanCloseReply['channel']>): Line[] {
  const { closes_at: closesAt, waiting_for: waitingFor = [] } = plan;
  const members = { label: 'members', text: membersText(channel) };
  if (closesAt === null) return [{ label: 'closes at', text: 'nothing is open' }, members];
  const who = { label: 'waits for', text: waitingFor.length === 0 ? 'nobody' : named(waitingFor) };
  return channel.phase === 'staged'
    ? [...stagedLines(plan, closesAt), members, who]
    : [...activeLines(plan, closesAt), members, who];
}

const stagedLines = ({ new_key_id: fresh }: PlanCloseReply, closesAt: string): Line[] => [
  { label: 'closes at', text: `${utc(closesAt)} if it signed by now: it counts anew from when ${fresh} does` },
  { label: 'earliest close', text: `none before ${fresh} signs` },
];

function activeLines(plan: PlanCloseReply, closesAt: string): Line[] {
  const { old_key_id: old, new_key_id: fresh, earliest_close_at: earliest, safe_close_at: safeAt } = plan;
  const isBlocked = plan.blocked_by.length > 0;
  return [
    { label: 'closes at', text: utc(closesAt) },
    {
      label: 'earliest close',
      text: `${utc(earliest ?? closesAt)}${isBlocked ? `, or as soon as all have reported that they need ${old} no more` : ''}`,
    },
    {
      label: 'unused from',
      text:
        safeAt === null
          ? `not known yet: not all members that sign have said that they do so by ${fresh}`
          : `${utc(safeAt)}: from then on no member signs by ${old}`,
    },
  ];
}

const unknownText = ({ old_key_id: oldKeyId }: PlanCloseReply): string =>
  oldKeyId === null ? 'nothing is open' : 'not known yet: the switch is under way';

/** When nobody who verifies can need the old key any more, by the sum that bring-up checks the overlap window by. */
function safeText(plan: PlanCloseReply): string {
  const { old_key_id: oldKeyId, safe_close_at: safeAt } = plan;
  if (oldKeyId === null) return unknownText(plan);
  return safeAt === null ? unknownText(plan) : `${utc(safeAt)}, for verifiers that cache keys`;
}

function planned(plan: PlanRotateReply | PlanCloseReply, lines: readonly Line[]): Result {
  const { scope, blocked_by: blockedBy } = plan;
  const blocked = { label: 'blocked by', text: blockedBy.length === 0 ? 'nothing' : blockedBy.join(', ') };
  const result = { text: labelled([...lines, blocked]).join('\n'), document: plan };
  const [first] = blockedBy;
  return first === undefined
    ? result
    : { ...result, failure: new Failure(1, 'would be refused', { blocked_by: blockedBy }, hintFor(first, scope)) };
}
