import type { RefusalCode } from './refusal';

/** What an installation has decided. All spans in milliseconds. */
export interface Policy {
  readonly overlapWindowMs: number;
  /** L: how long a signer may sign without asking again. */
  readonly leaseMs: number;
  /** D: how long after the asking a signature is accepted. One number for everybody who asks. */
  readonly signingDurationMs: number;
  /** How far two clocks of the mesh may differ. */
  readonly clockSkewMs: number;
  /** How long an event may wait between its commit and its publication. */
  readonly relayLagMs: number;
  /** The longest time that a verifier keeps keys before it asks again. */
  readonly verifierCacheMs: number;
  /** 0 where no tokens are issued. */
  readonly longestTokenLifeMs: number;
  /** The scope kinds that the deployment profile accepts. */
  readonly scopeKinds: readonly string[];
}

export interface PolicyProblem {
  readonly code: Extract<RefusalCode, 'invariant_violation' | 'short_overlap' | 'long_lease'>;
  /** For people, with the sum. */
  readonly sentence: string;
}

/** A Node refuses an envelope that is older than this, so what a key signed verifies no longer than this (plexd). */
export const STALENESS_MS = 5 * 60_000;

/** plexctl gives up after this long; a switch must have ended by then, whatever is slow. */
export const COMMAND_DEADLINE_MS = 30_000;

/** What a command needs beside asking and waiting: its transaction, and two trips over the bus. */
const COMMAND_OVERHEAD_MS = 2_000;

/** The longest that anything signed by the outgoing key may still have to be verified after the new one signs. */
export const requiredOverlapMs = (policy: Policy): number =>
  Math.max(policy.longestTokenLifeMs, STALENESS_MS) + policy.verifierCacheMs + policy.relayLagMs + policy.clockSkewMs;

/**
 * What a rotate takes at worst: D to have the new key tried, L that a replica which died left to wait for, and L of the
 * replica that takes over.
 */
export const longestCommandMs = ({ leaseMs, signingDurationMs }: Leasing): number =>
  signingDurationMs + 2 * leaseMs + COMMAND_OVERHEAD_MS;

type Leasing = Pick<Policy, 'leaseMs' | 'signingDurationMs'>;

/** Until when a Node that hears nothing may verify by the old key: closes_at by a clock that is as slow as allowed. */
export const transitionExpires = (closesAt: Date, policy: Pick<Policy, 'clockSkewMs'>): Date =>
  new Date(closesAt.getTime() + policy.clockSkewMs);

export const refusesScopeKind = (policy: Pick<Policy, 'scopeKinds'>, kind: string): boolean =>
  !policy.scopeKinds.includes(kind);

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
  ['longestTokenLifeMs', 'the longest token life', 0],
] as const;

function malformedSpans(policy: Policy): PolicyProblem[] {
  return SPANS.filter(([span, , least]) => !Number.isSafeInteger(policy[span]) || policy[span] < least).map(
    ([span, name, least]) => ({
      code: 'invariant_violation',
      sentence: `${name} must be a whole number of milliseconds, at least ${least}; it is ${policy[span]}`,
    }),
  );
}

function shortOverlap(policy: Policy): PolicyProblem[] {
  const required = requiredOverlapMs(policy);
  if (policy.overlapWindowMs >= required) return [];
  const sum =
    `max(token life ${seconds(policy.longestTokenLifeMs)}, staleness ${seconds(STALENESS_MS)})` +
    ` + verifier cache ${seconds(policy.verifierCacheMs)} + relay lag ${seconds(policy.relayLagMs)}` +
    ` + clock skew ${seconds(policy.clockSkewMs)} = ${seconds(required)}`;
  const sentence = `the overlap window of ${seconds(policy.overlapWindowMs)} is too short: it must be at least ${sum}`;
  return [{ code: 'short_overlap', sentence }];
}

function longLease(policy: Leasing): PolicyProblem[] {
  const { leaseMs, signingDurationMs } = policy;
  const longest = longestCommandMs(policy);
  if (longest <= COMMAND_DEADLINE_MS) return [];
  const sum =
    `signing ${seconds(signingDurationMs)} + 2 × lease ${seconds(leaseMs)}` +
    ` + ${seconds(COMMAND_OVERHEAD_MS)} = ${seconds(longest)}`;
  const sentence = `the lease of ${seconds(leaseMs)} is too long: ${sum}, more than ${seconds(COMMAND_DEADLINE_MS)}`;
  return [{ code: 'long_lease', sentence }];
}

const seconds = (ms: number): string => `${ms / 1_000} s`;
