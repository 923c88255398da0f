import type { LackingRing, PlanPolicyReply, PolicyMember, PolicyReply, PolicyView } from '@plexsphere/wire/commands';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { age, labelled, named, plural, type Line } from '../../layout';
import type { Result } from '../../render';
import { FLAG_OF_MEMBER, MEMBERS } from './policy-flags';

/** A policy as it holds, each member with whence it came; then who does not go by it. */
export function policyResult(reply: PolicyReply): Result {
  const {
    kind,
    scope,
    policy,
    from,
    kind_version: version,
    lacking,
    lacking_count: count,
    lacking_rings: rings,
  } = reply;
  const lines: Line[] = [
    { label: 'policy of', text: scope ?? `${kind}, version ${version}` },
    ...MEMBERS.map(([member, name]) => ({ label: name, text: `${valueOf(policy, member)} (${from[member]})` })),
    ...(kind === null ? [] : [{ label: 'rings', text: `${reply.rings}, ${count} of them lack it` }]),
    ...[...rings, ...(lacking === null ? [] : [lacking])].map(lackingLine),
    ...(count > rings.length && kind !== null ? [{ label: '', text: `and ${count - rings.length} more` }] : []),
  ];
  return { text: labelled(lines).join('\n'), document: reply };
}

/** Exit code 1 where it would be refused. */
export function policyPlan(plan: PlanPolicyReply): Result {
  const {
    kind,
    scope,
    before,
    after,
    blocked_by: blockedBy,
    refused,
    lacking_count: count,
    lacking_rings: rings,
  } = plan;
  const changed = MEMBERS.filter(([member]) => before[member] !== after[member]);
  const lines: Line[] = [
    { label: 'would set', text: scope ?? `${kind}, for ${plural(plan.rings, 'ring')}` },
    ...changed.map(([member, name]) => ({
      label: name,
      text: `${valueOf(before, member)} to ${valueOf(after, member)}`,
    })),
    ...standbyLines(changed, after),
    ...(changed.length === 0 ? [{ label: 'changes', text: 'nothing' }] : []),
    ...rings.map(lackingLine),
    ...(count > rings.length ? [{ label: '', text: `and ${count - rings.length} more` }] : []),
    { label: 'blocked by', text: blockedBy.length === 0 ? 'nothing' : named(blockedBy) },
    ...(refused === null ? [] : [{ label: 'because', text: `--${FLAG_OF_MEMBER[refused.field]}: ${refused.reason}` }]),
  ];
  const result = { text: labelled(lines).join('\n'), document: plan };
  const [first] = blockedBy;
  return first === undefined
    ? result
    : {
        ...result,
        failure: new Failure(1, 'would be refused', { blocked_by: blockedBy }, hintFor(first, scope ?? undefined)),
      };
}

/** What has stood ready so far is of no use for the new algorithm, and what takes its place has yet to propagate. */
function standbyLines(changed: readonly (readonly [PolicyMember, string])[], after: PolicyView): Line[] {
  if (!after.standby || !changed.some(([member]) => member === 'algorithm')) return [];
  const from = age(after.propagation_delay_seconds);
  return [
    { label: 'the standby', text: `is replaced by one of ${after.algorithm}, which may sign ${from} after that` },
  ];
}

const SPANS: readonly PolicyMember[] = ['overlap_window_seconds', 'propagation_delay_seconds', 'longest_token_seconds'];

function valueOf(policy: PolicyView, member: PolicyMember): string {
  const value = policy[member];
  if (typeof value === 'number') return SPANS.includes(member) ? age(value) : `${value} %`;
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
}

const lackingLine = ({ scope, kind_version: version, reason }: LackingRing): Line => ({
  label: 'lacks it',
  text: `${scope} goes by version ${version}: ${reason ?? 'its turn comes within a minute'}`,
});
