import type {
  Backlog,
  ChannelStatus,
  HeldBackCount,
  NodesStatus,
  OpenTransitionView,
  RefusalCount,
  ScheduleStatus,
  ScopeStatus,
  SignerStatus,
  StatusReply,
} from '@plexsphere/wire/commands';
import { age, bar, clockOff, labelled, named, plural, secondsBetween, type Line } from '../../layout';
import { minute, utc } from '../../render';
import { printable } from '../../printable';
import { keyLines, recoveryLines } from './key-lines';
import { closesItselfText, nextSteps } from './next-steps';

/** `signing status` as an operator reads it: a block a scope, what to do last. */
export function statusLines({ now, scopes, refusals, held_back: heldBack }: StatusReply, withBar = false): string[] {
  return [...scopeLines(scopes, now, withBar), ...refusalLines(refusals), ...heldBackLines(heldBack)];
}

const REFUSALS_SHOWN = 5;

/** Somebody who tries what they may not, or a program that asks for the same wrong thing again and again. */
function refusalLines(refusals: readonly RefusalCount[]): string[] {
  if (refusals.length === 0) return [];
  const shown = refusals.slice(0, REFUSALS_SHOWN).map(({ actor, command, code, detail, count, last_at }) => ({
    label: `${count}x`,
    text: `${command} by ${actor}: ${detail} (${code}), last at ${minute(last_at)}`,
  }));
  const more = refusals.length - shown.length;
  return [
    ...['', 'refused in the last hour'],
    ...labelled(shown, '  '),
    ...(more > 0 ? [`  and ${plural(more, 'other kind')} (--output json shows them)`] : []),
  ];
}

/** Who asks for more than their share: nobody else waits for them. */
function heldBackLines(heldBack: readonly HeldBackCount[]): string[] {
  if (heldBack.length === 0) return [];
  const lines = heldBack.slice(0, REFUSALS_SHOWN).map(({ actor, queue, count, last_at }) => ({
    label: `${count}x`,
    text: `${queue} of ${actor}, last at ${minute(last_at)}`,
  }));
  return ['', 'held back in the last hour, by what they had under way themselves', ...labelled(lines, '  ')];
}

function scopeLines(scopes: readonly ScopeStatus[], now: string, withBar: boolean): string[] {
  if (scopes.length === 0) return ['no scope to show'];
  return scopes.flatMap((scope, index) => [
    ...(index === 0 ? [] : ['']),
    printable(`${scope.scope}  epoch ${scope.epoch}, trust epoch ${scope.trust_epoch}`),
    ...labelled(linesOf(scope, now, withBar), '  '),
    // Not broken where the screen ends: these are read, and copied.
    ...nextSteps(scope, now).map((step) => printable(`  next: ${step}`)),
  ]);
}

const linesOf = (scope: ScopeStatus, now: string, withBar: boolean): Line[] => [
  ...keyLines(scope, now),
  ...recoveryLines(scope),
  ...(scope.channel === undefined
    ? rotationLines(scope.transition, now)
    : channelLines(scope.channel, scope.transition, now)),
  ...signerLines(scope.signers, now),
  ...(scope.channel === undefined
    ? nodeLines('nodes', scope.nodes, now, withBar && scope.transition !== null)
    : [{ label: 'members', text: membersText(scope.channel) }]),
  ...(scope.domain_nodes === undefined ? [] : nodeLines('domains', scope.domain_nodes, now, false)),
  ...waitingLines(scope, now),
  ...forkLines(scope),
  ...contestedLines(scope),
  { label: 'backlog', text: backlogText(scope.backlog) },
  ...ownWorkLines(scope, now),
];

/** What is done without anybody's asking: waiting, due, or failing. */
const ownWorkLines = ({ schedule, promotion, rotator_failure: failure }: ScopeStatus, now: string): Line[] => [
  ...(schedule === undefined ? [] : [{ label: 'schedule', text: scheduleText(schedule, now) }]),
  ...(promotion === undefined
    ? []
    : [
        {
          label: 'promotion',
          text:
            `${promotion.key_id} signs once ${promotion.percent} % of the Nodes have applied it, until ` +
            `${utc(promotion.deadline)}; asked for by ${promotion.asked_by}`,
        },
      ]),
  ...(failure === undefined
    ? []
    : [
        {
          label: 'by itself',
          text:
            `${failure.step} failed ${plural(failure.failures, 'time')}: ${failure.detail}; tried again at ` +
            utc(failure.retry_at),
        },
      ]),
];

function scheduleText({ rotate_every: every, due_at: dueAt }: ScheduleStatus, now: string): string {
  if (dueAt === null) return `${every}, never due`;
  const left = secondsBetween(now, dueAt);
  return `${every}, ${left > 0 ? `due at ${utc(dueAt)}, in ${age(left)}` : `due since ${utc(dueAt)}`}`;
}

function rotationLines(transition: OpenTransitionView | null, now: string): Line[] {
  if (transition === null) return [{ label: 'rotation', text: 'none open' }];
  const { old_key_id, new_key_id, opened_at, closes_at, seconds_left: left, switched_at, safe_close_at } = transition;
  const { closes_itself_at: itselfAt } = transition;
  return [
    { label: 'rotation', text: `open: ${old_key_id} to ${new_key_id}, since ${utc(opened_at)}` },
    { label: '', text: `closes at ${utc(closes_at)}, ${left > 0 ? `${age(left)} left` : `past for ${age(-left)}`}` },
    ...(itselfAt === null ? [] : [{ label: '', text: closesItselfText(itselfAt, now) }]),
    { label: 'switch', text: switched_at === null ? 'under way' : `done at ${utc(switched_at)}` },
    ...(safe_close_at === null
      ? []
      : [{ label: '', text: `no verifier needs ${old_key_id} from ${utc(safe_close_at)}` }]),
  ];
}

/** Of a channel's ring the key that is staged signs by itself, and what is open waits for members. */
function channelLines(
  { phase, activated_at: activatedAt, waiting_for: waitingFor, overdue }: ChannelStatus,
  transition: OpenTransitionView | null,
  now: string,
): Line[] {
  const waits = named(waitingFor);
  const late = overdue ? `, OVERDUE` : '';
  const waitLines = (label: string): Line[] =>
    waitingFor.length === 0 ? [] : [{ label, text: `waits for ${waits}${late}` }];
  if (transition === null) {
    const last = phase === null ? '' : `; the latest: ${phase}`;
    return [{ label: 'rotation', text: `none open${last}` }, ...waitLines('')];
  }
  const { old_key_id: old, new_key_id: fresh, opened_at, closes_at, seconds_left: left, safe_close_at } = transition;
  const { closes_itself_at: itselfAt } = transition;
  const closes = `${utc(closes_at)}, ${left > 0 ? `${age(left)} left` : `past for ${age(-left)}`}`;
  return [
    { label: 'rotation', text: `${phase ?? 'open'}: ${old} to ${fresh}, since ${utc(opened_at)}` },
    activatedAt === null
      ? { label: '', text: `nobody signs by ${fresh} yet; closes_at counts anew from when somebody does` }
      : { label: '', text: `${fresh} signs since ${utc(activatedAt)}; closes at ${closes}` },
    ...(itselfAt === null || activatedAt === null ? [] : [{ label: '', text: closesItselfText(itselfAt, now) }]),
    ...waitLines(''),
    ...(safe_close_at === null ? [] : [{ label: '', text: `nobody signs by ${old} from ${utc(safe_close_at)}` }]),
  ];
}

export const membersText = ({ senders, receivers }: Pick<ChannelStatus, 'senders' | 'receivers'>): string =>
  `${senders} ${senders === 1 ? 'signs' : 'sign'}, ${receivers} ${receivers === 1 ? 'verifies' : 'verify'}`;

function signerLines(signers: readonly SignerStatus[], now: string): Line[] {
  const texts = (['confirmed', 'behind', 'lapsed'] as const).flatMap((state) => {
    const those = signers.filter((signer) => signer.state === state);
    if (those.length === 0) return [];
    return [`${those.length} ${state}: ${those.map((signer) => signerText(signer, now)).join(', ')}`];
  });
  return beside('signers', texts.length === 0 ? ['none'] : texts);
}

function signerText(signer: SignerStatus, now: string): string {
  const { holder, state, epoch, renewed_at, clock_off_by_seconds: off, claimed_epoch: claimed } = signer;
  if (off !== undefined) return `${holder} (its clock is ${clockOff(off)})`;
  if (claimed !== undefined) return `${holder} (claims epoch ${claimed} without a proof)`;
  if (state === 'confirmed') return holder;
  if (state === 'behind') return `${holder} (epoch ${epoch ?? 'unknown'})`;
  return `${holder} (last seen ${age(secondsBetween(renewed_at, now))} ago)`;
}

function nodeLines(label: string, nodes: NodesStatus, now: string, withBar: boolean): Line[] {
  const offline = nodes.offline.map(({ name, since }) => `${name} (${age(secondsBetween(since, now))})`);
  const counted = [
    ...(withBar ? [bar(nodes.applied, nodes.enrolled)] : []),
    countsText(nodes),
    ...(nodes.lagging_count > 0 ? [`lagging: ${named(nodes.lagging, nodes.lagging_count)}`] : []),
    ...(nodes.pending_count > 0 ? [`pending: ${named(nodes.pending, nodes.pending_count)}`] : []),
    ...(nodes.offline_count > 0 ? [`offline for: ${named(offline, nodes.offline_count)}`] : []),
    ...(nodes.quietest === null
      ? []
      : [`online: last word of ${nodes.quietest.name} ${age(nodes.quietest.seconds)} ago`]),
  ];
  return beside(label, counted);
}

/** Nothing is sent to them until they have taken a state, which their streams ask them to. */
const waitingLines = ({ waiting }: ScopeStatus, now: string): Line[] =>
  waiting === undefined
    ? []
    : beside('waiting', [
        `${plural(waiting.count, 'Node')} over HTTP for a state: ${named(waiting.names, waiting.count)}; ` +
          `the longest for ${age(secondsBetween(waiting.since, now))}`,
      ]);

/** Whoever follows another chain than ours, by name. */
function forkLines({ forks, domain_forks: others, forked_domains: domains }: ScopeStatus): Line[] {
  return beside('forks', [
    ...(forks === undefined ? [] : [`${plural(forks.count, 'Node')}: ${named(forks.names, forks.count)}`]),
    ...(others === undefined
      ? []
      : [`${plural(others.count, 'Node')} of Domains, of this ring: ${named(others.names, others.count)}`]),
    ...(domains === undefined
      ? []
      : [`${plural(domains.count, 'Domain')}, of their own rings: ${named(domains.scopes, domains.count)}`]),
  ]);
}

/** Whose former key somebody goes on using. */
const contestedLines = ({ contested }: ScopeStatus): Line[] =>
  contested === undefined
    ? []
    : beside('contested', [`${plural(contested.count, 'Node')}: ${named(contested.names, contested.count)}`]);

/** One line for all that is counted. Offline ones are among the others. */
export const countsText = (nodes: NodesStatus): string =>
  `${nodes.enrolled} enrolled, ${nodes.sent} sent to, ${nodes.applied} applied, ${nodes.lagging_count} lagging, ` +
  `${nodes.pending_count} pending, ${nodes.offline_count} offline`;

/** What waits to be sent, and what was sent and not applied, as far as anybody knows. */
export function backlogText({ rows, unsent, sent, oldest_seconds: oldest }: Backlog): string {
  if (rows === 0) return 'empty';
  const counted = `${plural(rows, 'row')}: ${unsent} unsent, ${sent} sent and not applied`;
  return oldest === null ? counted : `${counted}; the oldest ${age(oldest)} old`;
}

const beside = (label: string, texts: readonly string[]): Line[] =>
  texts.map((text, index) => ({ label: index === 0 ? label : '', text }));
