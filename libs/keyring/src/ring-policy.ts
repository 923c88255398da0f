import type { KeyRing } from './key-ring';
import { requiredOverlap, seconds, type Policy } from './policy';
import { type RingChange, changed, refuseForeign } from './ring-change';
import type { ScopePolicy } from './scope-policy';
import { underCeiling, type TokenTerms } from './tokens';
import type { Transition } from './transition';

/** Every so often after the last rotation was opened, or when a cron expression says so (five fields, UTC). */
export type RotateEvery = { readonly everyMs: number } | { readonly cron: string };

/** What is decided for one ring: by its scope, else by its kind, else by the installation's settings. */
export interface RingPolicy {
  /** Of the keys that are made from now on. */
  readonly algorithm: string;
  readonly overlapWindowMs: number;
  /** How long a key must have been staged before it may sign. */
  readonly propagationDelayMs: number;
  /** null: by hand. */
  readonly rotateEvery: RotateEvery | null;
  readonly close: 'manual' | 'automatic';
  /** The share of enrolled Nodes, in percent, that must have applied a key which the schedule staged before it signs. */
  readonly sharePercent: number;
  readonly keyIdPattern: string;
  /** Whether one key is kept staged. */
  readonly standby: boolean;
  /** How long a token may live that a key of the ring signs. */
  readonly longestTokenLifeMs: number;
}

export type PolicySource = 'scope' | 'kind' | 'setting';

export interface DecidedPolicy {
  readonly policy: RingPolicy;
  readonly from: Readonly<Record<keyof RingPolicy, PolicySource>>;
}

/** Scope over kind over setting, member by member; a member that is undefined decides nothing. */
export function decidedPolicy(
  setting: RingPolicy,
  kind: Partial<RingPolicy> = {},
  scope: Partial<RingPolicy> = {},
): DecidedPolicy {
  const names = Object.keys(setting) as (keyof RingPolicy)[];
  const sourceOf = (name: keyof RingPolicy): PolicySource =>
    scope[name] !== undefined ? 'scope' : kind[name] !== undefined ? 'kind' : 'setting';
  const layers = { scope, kind, setting };
  const from = Object.fromEntries(names.map((name) => [name, sourceOf(name)])) as DecidedPolicy['from'];
  const policy = Object.fromEntries(names.map((name) => [name, layers[from[name]][name]]));
  return { policy: policy as unknown as RingPolicy, from };
}

/**
 * Where a ring's policy is a change of the ring: one epoch further, and all as it was but for how long tokens by the active
 * key may live, which is kept with it.
 *
 * @throws Refusal `invariant_violation`
 */
export function changePolicy(ring: KeyRing, transition: Transition | null, tokens?: TokenTerms): RingChange {
  refuseForeign(ring, transition);
  const keys = ring.keys.map((key) => (key.state === 'active' ? underCeiling(key, tokens) : key));
  return changed(ring, 'policy', { keys, transition });
}

/** The next time strictly after `after` at which a cron expression fires; null for never, or for what is no expression. */
export type NextFiring = (cron: string, after: Date) => Date | null;

interface RingPolicyProblem {
  readonly code: 'invariant_violation' | 'short_overlap' | 'short_propagation' | 'schedule_invalid';
  readonly field: keyof RingPolicy;
  /** Where it is a sum that does not come out: the members it is made of, each of which may be what somebody has just set. */
  readonly summands: readonly (keyof RingPolicy)[];
  /** For people, with the sum. */
  readonly sentence: string;
}

/** Everything that forbids a policy, in the order of its members; empty where nothing does. */
export function checkRingPolicy(
  policy: RingPolicy,
  installation: Policy,
  scopePolicy: ScopePolicy,
  { nextFiring, now }: { nextFiring: NextFiring; now: Date },
): RingPolicyProblem[] {
  const malformed = malformedMembers(policy, installation, scopePolicy);
  // The sums below mean nothing over spans that are none.
  if (malformed.length > 0) return malformed;
  return [
    ...shortOverlap(policy, installation, scopePolicy),
    ...shortPropagation(policy, installation),
    ...badSchedule(policy, nextFiring, now),
  ];
}

const PLACEHOLDERS = /\{(name|yyyy|mm|dd)\}/g;

function malformedMembers(policy: RingPolicy, installation: Policy, scopePolicy: ScopePolicy): RingPolicyProblem[] {
  const { sharePercent, keyIdPattern, rotateEvery, longestTokenLifeMs } = policy;
  const isSpan = (ms: number): boolean => Number.isSafeInteger(ms) && ms > 0;
  const rules: [keyof RingPolicy, boolean, string][] = [
    [
      'algorithm',
      scopePolicy.algorithms.includes(policy.algorithm),
      `must be ${scopePolicy.algorithms.join(', ')} for such a scope`,
    ],
    ['overlapWindowMs', isSpan(policy.overlapWindowMs), 'must be a whole number of milliseconds, at least 1'],
    ['propagationDelayMs', isSpan(policy.propagationDelayMs), 'must be a whole number of milliseconds, at least 1'],
    [
      'rotateEvery',
      rotateEvery === null || 'cron' in rotateEvery || isSpan(rotateEvery.everyMs),
      'must be a whole number of milliseconds, at least 1',
    ],
    [
      'sharePercent',
      Number.isInteger(sharePercent) && sharePercent >= 1 && sharePercent <= 100,
      'must be a whole number from 1 to 100',
    ],
    [
      'keyIdPattern',
      keyIdPattern !== '' && !/[{}]/.test(keyIdPattern.replace(PLACEHOLDERS, '')),
      'may hold {name}, {yyyy}, {mm} and {dd}, and no other braces',
    ],
    [
      'standby',
      !policy.standby || scopePolicy.newKey === 'is_staged_first',
      'is for scopes whose keys are staged first',
    ],
    [
      'longestTokenLifeMs',
      scopePolicy.signs.includes('token')
        ? isSpan(longestTokenLifeMs)
        : longestTokenLifeMs === installation.longestTokenLifeMs,
      scopePolicy.signs.includes('token')
        ? 'must be a whole number of milliseconds, at least 1'
        : 'is for scopes whose keys sign tokens',
    ],
  ];
  return rules
    .filter(([, holds]) => !holds)
    .map(([field, , rule]) => ({ code: 'invariant_violation', field, summands: [], sentence: `${field} ${rule}` }));
}

function shortOverlap(policy: RingPolicy, installation: Policy, scopePolicy: ScopePolicy): RingPolicyProblem[] {
  const { longestTokenLifeMs, propagationDelayMs } = policy;
  const { ms, sum } = requiredOverlap({ ...installation, longestTokenLifeMs, propagationDelayMs }, scopePolicy);
  if (policy.overlapWindowMs >= ms) return [];
  const sentence = `the overlap window of ${seconds(policy.overlapWindowMs)} is too short: it must be at least ${sum}`;
  const summands = [scopePolicy.gate === 'members' ? 'propagationDelayMs' : 'longestTokenLifeMs'] as const;
  return [{ code: 'short_overlap', field: 'overlapWindowMs', summands, sentence }];
}

/** Whoever asks for keys now and then must have asked before the key signs. */
function shortPropagation({ propagationDelayMs }: RingPolicy, { verifierCacheMs }: Policy): RingPolicyProblem[] {
  if (propagationDelayMs >= verifierCacheMs) return [];
  const sentence =
    `the propagation delay of ${seconds(propagationDelayMs)} is too short:` +
    ` it must be at least the verifier cache ${seconds(verifierCacheMs)}`;
  return [{ code: 'short_propagation', field: 'propagationDelayMs', summands: [], sentence }];
}

/** How many firings are looked at: those of a year, of what fires daily. */
const FIRINGS = 366;

function badSchedule(policy: RingPolicy, nextFiring: NextFiring, now: Date): RingPolicyProblem[] {
  const { rotateEvery, overlapWindowMs, propagationDelayMs } = policy;
  if (rotateEvery === null) return [];
  const invalid = (sentence: string): RingPolicyProblem[] => [
    { code: 'schedule_invalid', field: 'rotateEvery', summands: ['overlapWindowMs', 'propagationDelayMs'], sentence },
  ];
  const shortest = 'cron' in rotateEvery ? shortestGapMs(rotateEvery.cron, nextFiring, now) : rotateEvery.everyMs;
  if (shortest === null) return invalid(`the schedule never fires`);
  const least = overlapWindowMs + propagationDelayMs;
  if (shortest >= least) return [];
  const sum = `overlap ${seconds(overlapWindowMs)} + propagation ${seconds(propagationDelayMs)} = ${seconds(least)}`;
  return invalid(
    `the schedule is too dense: ${seconds(shortest)} between two rotations, and it must be at least ${sum}`,
  );
}

function shortestGapMs(cron: string, nextFiring: NextFiring, now: Date): number | null {
  let before = nextFiring(cron, now);
  if (before === null) return null;
  let shortest = Infinity;
  for (let firing = 0; firing < FIRINGS; firing += 1) {
    const next = nextFiring(cron, before);
    if (next === null) break;
    shortest = Math.min(shortest, next.getTime() - before.getTime());
    before = next;
  }
  return shortest;
}

/** The key id that a pattern gives at a time, with -2, -3 … behind it where it stood in the ring before. */
export function keyIdFrom(pattern: string, { name, at }: { name: string; at: Date }, used: readonly string[]): string {
  const [yyyy = '', mm = '', dd = ''] = at.toISOString().slice(0, 10).split('-');
  const values: Readonly<Record<string, string>> = { name, yyyy, mm, dd };
  const plain = pattern.replace(PLACEHOLDERS, (_, placeholder: string) => values[placeholder] ?? '');
  const taken = new Set(used);
  if (!taken.has(plain)) return plain;
  let count = 2;
  while (taken.has(`${plain}-${count}`)) count += 1;
  return `${plain}-${count}`;
}

/** Spread over ten minutes, or a twentieth of what lies between: so that not all rings of a kind rotate in one instant. */
const SPREAD_MS = 600_000;

/** When a ring's schedule is next due: `since` is when it was last acted on, or decided. null where it has none. */
export function nextDueAt(
  scope: string,
  { rotateEvery }: Pick<RingPolicy, 'rotateEvery'>,
  since: Date,
  nextFiring: NextFiring,
): Date | null {
  if (rotateEvery === null) return null;
  if ('cron' in rotateEvery) return shifted(nextFiring(rotateEvery.cron, since), jitterMs(scope, SPREAD_MS));
  const { everyMs } = rotateEvery;
  return shifted(new Date(since.getTime() + everyMs), jitterMs(scope, Math.min(SPREAD_MS, everyMs / 20)));
}

const shifted = (at: Date | null, ms: number): Date | null => (at === null ? null : new Date(at.getTime() + ms));

/** The same for a scope whenever and by whomever it is asked: FNV-1a over its characters. */
function jitterMs(scope: string, spreadMs: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < scope.length; i += 1) hash = Math.imul(hash ^ scope.charCodeAt(i), 0x01000193);
  return Math.floor(((hash >>> 0) / 2 ** 32) * spreadMs);
}
