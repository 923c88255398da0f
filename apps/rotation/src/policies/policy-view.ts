import type { DecidedPolicy, RingPolicy } from '@plexsphere/keyring';
import { parseRotateEvery, rotateEveryText, type AlgorithmName } from '@plexsphere/wire';
import type { PlanPolicy, PolicyMember, PolicyReply, PolicyView } from '@plexsphere/wire/commands';

/** The domain's word for a member, and the wire's. */
export const MEMBER_NAMES: Readonly<Record<keyof RingPolicy, PolicyMember>> = {
  algorithm: 'algorithm',
  overlapWindowMs: 'overlap_window_seconds',
  propagationDelayMs: 'propagation_delay_seconds',
  rotateEvery: 'rotate_every',
  close: 'close',
  sharePercent: 'share_required',
  keyIdPattern: 'key_id_pattern',
  standby: 'standby',
  longestTokenLifeMs: 'longest_token_seconds',
};

const NAMES = Object.entries(MEMBER_NAMES) as [keyof RingPolicy, PolicyMember][];

export const policyView = (policy: RingPolicy): PolicyView => ({
  algorithm: policy.algorithm as AlgorithmName,
  overlap_window_seconds: policy.overlapWindowMs / 1_000,
  propagation_delay_seconds: policy.propagationDelayMs / 1_000,
  rotate_every: rotateEveryText(policy.rotateEvery),
  close: policy.close,
  share_required: policy.sharePercent,
  key_id_pattern: policy.keyIdPattern,
  standby: policy.standby,
  longest_token_seconds: policy.longestTokenLifeMs / 1_000,
});

export const sourcesView = (from: DecidedPolicy['from']): PolicyReply['from'] =>
  Object.fromEntries(NAMES.map(([member, name]) => [name, from[member]])) as PolicyReply['from'];

/** What a request decides, of what was decided before. */
export function decidedMembers(before: Partial<RingPolicy>, request: PlanPolicy): Partial<RingPolicy> {
  const every = parseRotateEvery(request.rotate_every);
  const asked: { [Member in keyof RingPolicy]: RingPolicy[Member] | null | undefined } = {
    algorithm: request.algorithm,
    overlapWindowMs: ms(request.overlap_window_seconds),
    propagationDelayMs: ms(request.propagation_delay_seconds),
    rotateEvery: every,
    close: request.close,
    sharePercent: request.share_required,
    keyIdPattern: request.key_id_pattern,
    standby: request.standby,
    longestTokenLifeMs: ms(request.longest_token_seconds),
  };
  const inherited = new Set(request.inherit ?? []);
  const isDecided = ([member, value]: [string, unknown]): boolean =>
    value !== undefined && (value !== null || member === 'rotateEvery');
  return Object.fromEntries([
    ...Object.entries(before).filter(([member]) => !inherited.has(MEMBER_NAMES[member as keyof RingPolicy])),
    ...Object.entries(asked).filter(isDecided),
  ]);
}

/** The members that a request sets, by the wire's names; `null` is as good as nothing. */
export const membersSet = (request: PlanPolicy): PolicyMember[] =>
  NAMES.map(([, name]) => name).filter((name) => request[name] !== undefined && request[name] !== null);

const ms = (seconds: number | undefined): number | undefined =>
  typeof seconds === 'number' ? seconds * 1_000 : undefined;
