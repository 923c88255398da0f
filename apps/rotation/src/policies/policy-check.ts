import { checkRingPolicy, keyIdFrom, scopePolicy, type RingPolicy } from '@plexsphere/keyring';
import { isKeyId, problem, scopeKind, scopeName, type Problem, type Scope } from '@plexsphere/wire';
import type { PlanPolicy, PolicyMember } from '@plexsphere/wire/commands';
import type { RotationConfig } from '../rotation-config';
import { nextFiring } from './cron';
import { MEMBER_NAMES, membersSet } from './policy-view';

/** Why a policy cannot hold: which member, by the wire's name, and the sum. */
export interface RefusedPolicy {
  isSchedule: boolean;
  field: PolicyMember;
  /** Where it is a sum: of which others. */
  summands?: readonly PolicyMember[];
  reason: string;
}

/** By the member that whoever asks has given, where it is one of those that do not add up: the other stands as it stood. */
export function asGiven(refused: RefusedPolicy, { inherit = [], ...request }: PlanPolicy): RefusedPolicy {
  const given = [...membersSet(request), ...inherit];
  const field = [refused.field, ...(refused.summands ?? [])].find((member) => given.includes(member));
  return { ...refused, field: field ?? refused.field };
}

/** What laboratories may do without, as at bring-up: `--allow-short-overlap`. */
const SUMS: readonly string[] = ['short_overlap', 'short_propagation'];

/** The first that forbids a policy, of a ring or of a kind of rings; null where nothing does. */
export function refusedPolicy(
  policy: RingPolicy,
  of: { scope: Scope } | { kind: string },
  config: RotationConfig,
  now: Date,
): RefusedPolicy | null {
  const kind = 'kind' in of ? of.kind : scopeKind(of.scope);
  const [found] = checkRingPolicy(policy, config, scopePolicy(kind), { nextFiring, now }).filter(
    ({ code }) => !(SUMS.includes(code) && config.allowShortOverlap),
  );
  if (found !== undefined) {
    const field = MEMBER_NAMES[found.field];
    return {
      isSchedule: found.code === 'schedule_invalid',
      field,
      summands: found.summands.map((member) => MEMBER_NAMES[member]),
      reason: found.sentence.replace(new RegExp(`^${found.field}\\b`), field),
    };
  }
  return givesKeyIds(policy, 'scope' in of ? scopeName(of.scope) : 'name', now)
    ? null
    : {
        isSchedule: false,
        field: 'key_id_pattern',
        reason: 'key_id_pattern gives no key ids: URL-safe, at most 128 characters',
      };
}

/** With room for the number that a clash puts behind it. */
const givesKeyIds = ({ keyIdPattern }: RingPolicy, name: string, at: Date): boolean =>
  isKeyId(`${keyIdFrom(keyIdPattern, { name, at }, [])}-9999`);

export const asProblem = ({ isSchedule, field, reason }: RefusedPolicy): Problem =>
  problem(isSchedule ? 'scheduleInvalid' : 'invariantViolation', { field, reason });
