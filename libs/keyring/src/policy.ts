import { scopePolicy, type ScopePolicy, type SignedText } from './scope-policy';

/** What an installation has decided. All spans in milliseconds. */
export interface Policy {
  readonly overlapWindowMs: number;
  /** L: how long a signer may sign without asking again. */
  readonly leaseMs: number;
  /** D: how long after the asking a signature is accepted. One number for everybody who asks. */
  readonly signingDurationMs: number;
  /** How far two clocks of the mesh may differ. */
  readonly clockSkewMs: number;
  /** How old an envelope or a bundle may be: what a key signed verifies no longer than this. */
  readonly stalenessMs: number;
  /** How long an event may wait between its commit and its publication. */
  readonly relayLagMs: number;
  /** The longest time that a verifier keeps keys before it asks again. */
  readonly verifierCacheMs: number;
  /** 0 where no tokens are issued. */
  readonly longestTokenLifeMs: number;
  /** How long a sender of a channel signs by both keys. */
  readonly bothForMs: number;
  /** The scope kinds that the deployment profile accepts. */
  readonly scopeKinds: readonly string[];
}

interface PolicyProblem {
  readonly code: 'invariant_violation' | 'short_overlap' | 'long_lease';
  /** For people, with the sum. */
  readonly sentence: string;
}

/** plexctl gives up after this long; a switch must have ended by then, whatever is slow. */
const COMMAND_DEADLINE_MS = 30_000;

/** What a command needs beside asking and waiting: its transaction, and two trips over the bus. */
const COMMAND_OVERHEAD_MS = 2_000;

type Life = 'longestTokenLifeMs' | 'stalenessMs';

/** How long a signature may still be verified. A statement is proven by what follows it, whatever the time is. */
const LIFE_OF: Readonly<Record<SignedText, Life | null>> = {
  data: 'longestTokenLifeMs',
  token: 'longestTokenLifeMs',
  envelope: 'stalenessMs',
  bundle: 'stalenessMs',
  statement: null,
};

const livesOf = ({ signs }: ScopePolicy): Life[] =>
  (['longestTokenLifeMs', 'stalenessMs'] as const).filter((life) => signs.some((text) => LIFE_OF[text] === life));

/** The longest that anything signed by a ring's outgoing key may still have to be verified after the new one signs. */
export const requiredOverlapMs = (policy: Policy, scopePolicy: ScopePolicy): number =>
  requiredOverlap(policy, scopePolicy).ms;

/** The same with the sum, for people. `propagationDelayMs`: of the ring, where it has decided one. */
export function requiredOverlap(
  policy: Policy & { readonly propagationDelayMs?: number },
  scopePolicy: ScopePolicy,
): { ms: number; sum: string } {
  if (scopePolicy.gate === 'members') return untilMembersSwitched(policy);
  const lives = livesOf(scopePolicy);
  const { verifierCacheMs, relayLagMs, clockSkewMs } = policy;
  const ms = Math.max(0, ...lives.map((life) => policy[life])) + verifierCacheMs + relayLagMs + clockSkewMs;
  const sum =
    `max(${lives.map((life) => `${NAMES[life]} ${seconds(policy[life])}`).join(', ')})` +
    ` + verifier cache ${seconds(verifierCacheMs)} + relay lag ${seconds(relayLagMs)}` +
    ` + clock skew ${seconds(clockSkewMs)} = ${seconds(ms)}`;
  return { ms, sum };
}

/**
 * Where those who hold a key sign by it themselves: until the last of them has heard, whoever reads what a sink has written
 * has done so, and signs by the new one alone.
 */
function untilMembersSwitched(policy: Policy & { readonly propagationDelayMs?: number }): { ms: number; sum: string } {
  const { relayLagMs, clockSkewMs, bothForMs, verifierCacheMs, propagationDelayMs = verifierCacheMs } = policy;
  const ms = relayLagMs + propagationDelayMs + bothForMs + clockSkewMs;
  const sum =
    `relay lag ${seconds(relayLagMs)} + propagation ${seconds(propagationDelayMs)}` +
    ` + both keys ${seconds(bothForMs)} + clock skew ${seconds(clockSkewMs)} = ${seconds(ms)}`;
  return { ms, sum };
}

/**
 * From when on no verifier can still need the old key: what it signed last has gone stale, and whoever keeps keys has
 * asked anew. The sum that bring-up checks the overlap window by, counted from the switch, after which the old key signs
 * nothing; null while that is under way.
 */
export const safeCloseAt = (
  { switchedAt }: { readonly switchedAt: Date | null },
  policy: Policy,
  scopePolicy: ScopePolicy,
): Date | null =>
  switchedAt === null ? null : new Date(switchedAt.getTime() + requiredOverlapMs(policy, scopePolicy));

/**
 * What a rotate takes at worst: D to have the new key made and D to have it tried, L that a replica which died left to
 * wait for, and L of the replica that takes over.
 */
export const longestCommandMs = ({ leaseMs, signingDurationMs }: Leasing): number =>
  2 * signingDurationMs + 2 * leaseMs + COMMAND_OVERHEAD_MS;

type Leasing = Pick<Policy, 'leaseMs' | 'signingDurationMs'>;

/** Until when a Node that hears nothing may verify by the old key: closes_at by a clock that is as slow as allowed. */
export const transitionExpires = (closesAt: Date, policy: Pick<Policy, 'clockSkewMs'>): Date =>
  new Date(closesAt.getTime() + policy.clockSkewMs);

/** The same of a staged key that is rotated to in the last instant. */
export const stagedUntil = (
  rotateBy: Date,
  { overlapWindowMs, clockSkewMs }: Pick<Policy, 'overlapWindowMs' | 'clockSkewMs'>,
): Date => new Date(rotateBy.getTime() + overlapWindowMs + clockSkewMs);

/** Until when something may be under way that a key signed just before it was rolled back. */
export const settledAt = (
  at: Date,
  { stalenessMs, relayLagMs, clockSkewMs }: Pick<Policy, 'stalenessMs' | 'relayLagMs' | 'clockSkewMs'>,
): Date => new Date(at.getTime() + stalenessMs + relayLagMs + clockSkewMs);

/** Everything that forbids bring-up under this policy; empty where nothing does. */
export function checkPolicy(policy: Policy): PolicyProblem[] {
  const malformed = malformedSpans(policy);
  // The sums below mean nothing over spans that are none.
  if (malformed.length > 0) return malformed;
  return [...shortOverlap(policy), ...longLease(policy)];
}

const SPANS = [
  ['overlapWindowMs', 'the overlap window', 1],
  ['leaseMs', 'the lease', 1],
  ['signingDurationMs', 'the time to sign', 1],
  ['clockSkewMs', 'the clock skew', 0],
  ['relayLagMs', 'the relay lag', 0],
  ['verifierCacheMs', 'the verifier cache', 0],
  ['stalenessMs', 'staleness', 0],
  ['longestTokenLifeMs', 'the longest token life', 0],
  ['bothForMs', 'the time of both keys', 0],
] as const;

function malformedSpans(policy: Policy): PolicyProblem[] {
  return SPANS.filter(([span, , least]) => !Number.isSafeInteger(policy[span]) || policy[span] < least).map(
    ([span, name, least]) => ({
      code: 'invariant_violation',
      sentence: `${name} must be a whole number of milliseconds, at least ${least}; it is ${policy[span]}`,
    }),
  );
}

/** One window for every kind of ring: it has to be long enough for the kind that needs the longest. */
function shortOverlap(policy: Policy): PolicyProblem[] {
  const [longest] = policy.scopeKinds
    .map((kind) => requiredOverlap(policy, scopePolicy(kind)))
    .sort((one, other) => other.ms - one.ms);
  if (longest === undefined || policy.overlapWindowMs >= longest.ms) return [];
  const sentence = `the overlap window of ${seconds(policy.overlapWindowMs)} is too short: it must be at least ${longest.sum}`;
  return [{ code: 'short_overlap', sentence }];
}

const NAMES: Readonly<Record<Life, string>> = { longestTokenLifeMs: 'token life', stalenessMs: 'staleness' };

function longLease(policy: Leasing): PolicyProblem[] {
  const { leaseMs, signingDurationMs } = policy;
  const longest = longestCommandMs(policy);
  if (longest <= COMMAND_DEADLINE_MS) return [];
  const sum =
    `2 × signing ${seconds(signingDurationMs)} + 2 × lease ${seconds(leaseMs)}` +
    ` + ${seconds(COMMAND_OVERHEAD_MS)} = ${seconds(longest)}`;
  const sentence = `the lease of ${seconds(leaseMs)} is too long: ${sum}, more than ${seconds(COMMAND_DEADLINE_MS)}`;
  return [{ code: 'long_lease', sentence }];
}

export const seconds = (ms: number): string => `${ms / 1_000} s`;
