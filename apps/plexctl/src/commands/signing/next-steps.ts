import { PLATFORM, issuerSlug } from '@plexsphere/wire';
import type { ChannelStatus, KeyStatus, OpenTransitionView, ScopeStatus } from '@plexsphere/wire/commands';
import { age, catchUp, named, plural, secondsBetween } from '../../layout';
import { utc } from '../../render';
import { ringSteps } from '../channel/ring-steps';
import { isSettling } from './key-lines';

/** A relay sends at once: after this long something is wrong with it. Well above what a restart takes. */
const SLOW_SECONDS = 60;
/** A Node that is there applies at once. One that has gone counts as offline after 180 s: not before that is it known. */
const STUCK_SECONDS = 240;

/** What to do about one scope, the most urgent first: each line can be acted on without reading anything else. */
export function nextSteps(scope: ScopeStatus, now: string): string[] {
  const steps = [
    ...wentBackSteps(scope),
    ...forkSteps(scope),
    ...contestedSteps(scope),
    ...signerSteps(scope),
    ...backlogSteps(scope),
    ...ownWorkSteps(scope),
    ...domainSteps(scope),
    ...(scope.channel === undefined ? rotationSteps(scope, now) : channelSteps(scope, scope.channel, now)),
    ...keySteps(scope, now),
    ...knownSteps(scope),
  ];
  return steps.length === 0 ? ['nothing to do: no rotation is open, and nobody is behind'] : steps;
}

/** What waits for nobody but the operator, or for time alone. */
function keySteps(status: ScopeStatus, now: string): string[] {
  const { scope, keys, recovery, promotion } = status;
  // Of a channel its members are waited for (channelSteps).
  const isChannel = status.channel !== undefined;
  const settling = isChannel ? undefined : keys.find((key) => isSettling(key, status));
  // The standby of an issuer waits for nobody, and the key of a channel for nothing that an operator does.
  const isStandby = issuerSlug(scope) !== undefined || isChannel;
  const staged = keys.find(({ state, rotate_by: by }) => state === 'staged' && by !== undefined && !isStandby);
  return [
    ...(settling === undefined ? [] : [settlingText(settling)]),
    ...(staged === undefined
      ? []
      : [
          `${staged.key_id} is staged${promotion === undefined ? '' : ', and signs by itself once enough Nodes have it; by hand'}: ` +
            `plexctl signing rotate --scope ${scope} --new-key-id ${staged.key_id}, ${whenRotatable(staged, now)}`,
        ]),
    ...(recovery === undefined || recovery.used_at === null
      ? []
      : ['the recovery key was used, so it counts as exposed: plexctl recovery rotate makes another']),
  ];
}

/** Where tokens live by it, others come in all the same. */
function settlingText({
  key_id: keyId,
  verifies_until: until = '',
  tokens_until: tokens,
  jwk_kid: kid,
}: KeyStatus): string {
  if (tokens === undefined) return `${keyId} was rolled back: no other key comes in before ${utc(until)}`;
  const whose = kid === undefined ? 'signs no more' : 'is of another service';
  return `${keyId} ${whose}, and goes by itself at ${utc(until)}, when its tokens are over`;
}

/** In an emergency nobody waits: what an API refuses meanwhile passes by itself, or with its cache. */
function knownSteps({ keys, known_by: knownBy }: ScopeStatus): string[] {
  if (knownBy === null) return [];
  const active = keys.find(({ state }) => state === 'active')?.key_id;
  const who = `verifiers that keep their key set may refuse what ${active} signs until ${utc(knownBy)}`;
  return [`${who}: it passes by itself; sooner where one is restarted`];
}

/** Sooner it is refused, and later too. */
function whenRotatable({ propagated_at: from, rotate_by: by }: KeyStatus, now: string): string {
  const isSoon = from !== undefined && secondsBetween(now, from) > 0;
  return `${isSoon ? `from ${utc(from)} on, ` : ''}before ${utc(by ?? '')}`;
}

function wentBackSteps({ epoch, went_back: later }: ScopeStatus): string[] {
  if (later === undefined) return [];
  const proof = `${later.shown_by} proved epoch ${later.epoch} at ${utc(later.shown_at)}, and the database has ${epoch}`;
  return [`nothing is served: ${proof}; restore the later database`];
}

/** Unless the database was restored to before what they heard, a key is in other hands. */
function forkSteps({ scope, keys, forks, domain_forks: others, forked_domains: domains }: ScopeStatus): string[] {
  const active = keys.find(({ state }) => state === 'active')?.key_id;
  // The platform has no other ring above it.
  const voucher = scope === PLATFORM ? ' --recovery-key FILE' : '';
  const revoke = `plexctl signing revoke --scope ${scope} --key-id ${active} --reason WHY${voucher}`;
  return [
    ...(forks === undefined && others === undefined
      ? []
      : [`Nodes follow a chain that is not ours: unless an older database was restored, throw the key out: ${revoke}`]),
    ...(domains === undefined
      ? []
      : [
          `each Domain whose Nodes show forks needs a revoke of its own, after any of the platform: ${named(domains.scopes, domains.count)}`,
        ]),
  ];
}

/** A thief of the key, or a host that was set up from a copy: which of the two has the present one nobody knows. */
const contestedSteps = ({ contested }: ScopeStatus): string[] =>
  contested === undefined
    ? []
    : [
        `a key that was replaced is used in the name of ${named(contested.names, contested.count)}: put each out (plexctl edge keys revoke-remote NODE --reason WHY), and have its host come in anew (plexctl edge enroll --replace)`,
      ];

function signerSteps({ signers: all, epoch, transition }: ScopeStatus): string[] {
  const off = all.filter(({ clock_off_by_seconds: seconds }) => seconds !== undefined).map(({ holder }) => holder);
  const signers = all.filter(({ holder }) => !off.includes(holder));
  const holders = (state: string): string[] => signers.filter((one) => one.state === state).map(({ holder }) => holder);
  const [confirmed, behind, lapsed] = ['confirmed', 'behind', 'lapsed'].map(holders) as [string[], string[], string[]];
  const isSwitching = transition !== null && transition.switched_at === null;
  return [
    ...(confirmed.length + behind.length === 0 ? ['no signer can sign: start one, or look at the log of one'] : []),
    ...(off.length > 0 ? [`set the clock of the machine of ${named(off)}: it signs again by itself`] : []),
    ...(behind.length > 0 && !isSwitching
      ? [
          `${named(behind)} ${behind.length === 1 ? 'signs' : 'sign'} nothing at epoch ${epoch}: look at the log if that lasts for longer than a lease`,
        ]
      : []),
    ...(lapsed.length > 0
      ? [`${named(lapsed)} has no lease: look at it, unless it was stopped or another has taken its place`]
      : []),
  ];
}

function backlogSteps({ backlog: { unsent: rows, oldest_unsent_seconds: oldest }, nodes }: ScopeStatus): string[] {
  if (rows === 0 || oldest === null || oldest < SLOW_SECONDS) return [];
  // What waits for a Node that is away waits for as long as it is away.
  if (nodes.offline_count + nodes.pending_count > 0) {
    const waiting = rows === 1 ? '1 row waits' : `${rows} rows wait`;
    return [`${waiting} to be sent: if not for Nodes that are away, check that an outbox-relay runs`];
  }
  return [`nothing has been sent for ${age(oldest)}: check that an outbox-relay runs and reaches the bus`];
}

/** What should happen without anybody, and does not. */
function ownWorkSteps({ scope, rotator_failure: failure, lacks_policy: lacks }: ScopeStatus): string[] {
  return [
    ...(failure === undefined ? [] : [`${failure.step} by itself fails with ${failure.detail}: see to that`]),
    ...(lacks === undefined
      ? []
      : [`does not go by its kind's policy so far: plexctl policy show --scope ${scope} says why`]),
  ];
}

/** A rotation of the platform is told to the Nodes of all Domains, and waits for none of them. */
function domainSteps({ domain_nodes: nodes }: ScopeStatus): string[] {
  if (nodes === undefined || nodes.lagging_count === 0) return [];
  const { lagging, lagging_count: count } = nodes;
  const who = `${plural(count, 'Node')} of Domains ${count === 1 ? 'lags' : 'lag'} behind the platform, which blocks no close`;
  const names = lagging.length === 0 ? '' : `: ${named(lagging.slice(0, 10), count)}`;
  return [`${who}${names}; ${catchUp(count)}`];
}

function rotationSteps(scope: ScopeStatus, now: string): string[] {
  const { transition, nodes } = scope;
  if (transition === null) {
    return nodes.lagging_count === 0 ? [] : [`${laggards(scope)}; ${catchUp(nodes.lagging_count)}`];
  }
  if (transition.switched_at === null) return ['the switch is under way: it is done within a lease, ask again'];
  const { old_key_id, new_key_id } = transition;
  const close = `plexctl signing close --scope ${scope.scope} --old ${old_key_id} --new ${new_key_id}`;
  if (transition.closes_itself_at !== null) return itselfSteps(scope, transition.closes_itself_at, close, now);
  const { outstanding_until: until } = transition;
  if (typeof until === 'string') return [`${tokensText(old_key_id, until, now)}: ${close}`];
  if (nodes.lagging_count === 0) return [`${everybody(scope)}${whenSafe(transition, now)}: ${close}`];
  if (transition.seconds_left <= 0) {
    return [`${laggards(scope)}, which blocks no longer; ${catchUp(nodes.lagging_count)}: ${close}`];
  }
  return [
    ...stuckSteps(scope, now),
    `${laggards(scope)}; ${catchUp(nodes.lagging_count)}, or close after ${utc(transition.closes_at)}: ${close}`,
  ];
}

function channelSteps(status: ScopeStatus, channel: ChannelStatus, now: string): string[] {
  const { scope, transition, keys } = status;
  const { phase, waiting_for, signs_from, overdue } = channel;
  const settling = keys.find((key) => isSettling(key, status))?.key_id;
  const ring = {
    ...{ scope, phase, waiting_for, signs_from, overdue, closes_at: transition?.closes_at ?? null },
    old_key_id: transition?.old_key_id ?? null,
    new_key_id: transition?.new_key_id ?? settling ?? null,
    safe_close_at: transition?.safe_close_at ?? null,
  };
  const itselfAt = transition?.closes_itself_at ?? null;
  const steps = ringSteps(ring, channel);
  if (phase !== 'active' || itselfAt === null) return steps;
  return [...steps, `without anybody's doing the rotation ${closesItselfText(itselfAt, now)}`];
}

/** By hand where what should close it does not: whatever keeps it stands in status as well. */
function itselfSteps(scope: ScopeStatus, at: string, close: string, now: string): string[] {
  const { lagging_count: lagging } = scope.nodes;
  const isDue = secondsBetween(now, at) <= 0;
  const closes = `the rotation ${closesItselfText(at, now)}${isDue ? `; by hand: ${close}` : ''}`;
  if (lagging === 0) return [closes];
  const blocksNot = isDue ? ', which blocks no longer' : '';
  return [...(isDue ? [] : stuckSteps(scope, now)), `${laggards(scope)}${blocksNot}; ${catchUp(lagging)}; ${closes}`];
}

export const closesItselfText = (at: string, now: string): string =>
  secondsBetween(now, at) > 0 ? `closes by itself at ${utc(at)}` : `closes by itself, due since ${utc(at)}`;

const tokensText = (keyId: string, until: string, now: string): string =>
  secondsBetween(now, until) > 0
    ? `tokens by ${keyId} block the close until ${utc(until)}: then`
    : `the last token by ${keyId} is over`;

/** Nodes hold the new key; others that verify (by a cache, by a token of yesterday) may still need the old one. */
function whenSafe({ safe_close_at: safeAt, seconds_left: left }: OpenTransitionView, now: string): string {
  const isSafe = safeAt === null || left <= 0 || secondsBetween(safeAt, now) >= 0;
  return isSafe ? '' : `; verifiers that cache keys may need the old one until ${utc(safeAt)}, close then`;
}

/** Nodes that are there and do not apply: waiting does not help them. */
function stuckSteps({ transition, nodes }: ScopeStatus, now: string): string[] {
  if (transition === null || secondsBetween(transition.opened_at, now) < STUCK_SECONDS) return [];
  // More are offline than are named: then one that is not named may be among them.
  if (nodes.offline_count > nodes.offline.length) return [];
  const away = new Set(nodes.offline.map(({ name }) => name));
  const stuck = nodes.lagging.filter((name) => !away.has(name));
  return stuck.length === 0 ? [] : [`${named(stuck)} is there and has not applied the new key: look at its log`];
}

const laggards = ({ nodes }: ScopeStatus): string =>
  `${plural(nodes.lagging_count, 'Node')} ${nodes.lagging_count === 1 ? 'lags' : 'lag'}: ` +
  named(nodes.lagging.slice(0, 10), nodes.lagging_count);

function everybody({ nodes: { enrolled, pending_count: pending } }: ScopeStatus): string {
  if (enrolled === 0) return 'no Node is enrolled';
  if (pending === 0) return enrolled === 1 ? 'the one Node has applied' : `all ${enrolled} Nodes have applied`;
  const others = `${plural(pending, 'Node')} never came so far, which blocks nothing`;
  return enrolled === pending ? others : `all Nodes that hold a key have applied (${others})`;
}
