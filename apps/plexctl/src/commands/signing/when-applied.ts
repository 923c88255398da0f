import type { PlanRotateWhenAppliedReply, RotateWhenAppliedReply } from '@plexsphere/wire/commands';
import type { Bus } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled, named, type Line } from '../../layout';
import { utc, type Result } from '../../render';

/** `rotate --when-applied`: the rotation is not opened now, but by itself, once enough Nodes have the staged key. */

export const WHEN_APPLIED_FLAGS = {
  'when-applied': {
    value: 'percent',
    member: 'percent',
    summary: 'rotate to the staged key by itself, once that share of the Nodes has applied it',
    accepts: (text: string): boolean => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100,
    expected: 'a whole number from 1 to 100',
  },
  deadline: {
    ...durationUpTo('366d'),
    member: 'deadline_seconds',
    summary: 'for --when-applied: nothing is switched past it (default: 24h, at most until rotate_by)',
  },
} as const;

interface WhenApplied {
  scope: string;
  newKeyId: string;
  percent: string;
  deadline: string | undefined;
  reason: string | undefined;
}

const requestOf = ({ scope, newKeyId, percent, deadline, reason }: WhenApplied) => {
  const seconds = secondsOf(deadline ?? '');
  return {
    ...{ scope, new_key_id: newKeyId, percent: Number(percent) },
    ...(seconds === undefined ? {} : { deadline_seconds: seconds }),
    ...(reason === undefined ? {} : { reason }),
  };
};

export async function rotateWhenApplied(asked: WhenApplied, bus: Bus): Promise<Result> {
  const ifUnknown = `plexctl signing status --scope ${asked.scope} shows whether ${asked.newKeyId} waits for its Nodes`;
  const reply = await bus.change('signing.rotate-when-applied', requestOf(asked), ifUnknown);
  const { scope, old_key_id, new_key_id, asked_at, deadline, propagated_at, ...more } = reply;
  const times = { asked_at: utc(asked_at), deadline: utc(deadline), propagated_at: utc(propagated_at) };
  return {
    text: labelled([
      { label: 'rotates', text: `${scope} from ${old_key_id} to ${new_key_id}, by itself` },
      { label: 'when', text: shareText(reply) },
      { label: 'not before', text: times.propagated_at },
      { label: 'not after', text: `${times.deadline}: nothing is switched then` },
    ]).join('\n'),
    document: { scope, old_key_id, new_key_id, ...times, ...more },
  };
}

export async function planWhenApplied(asked: WhenApplied, bus: Bus): Promise<Result> {
  const plan = await bus.ask('signing.plan-rotate-when-applied', requestOf(asked));
  const {
    scope,
    old_key_id,
    new_key_id,
    propagated_at,
    deadline,
    offline_count: offline,
    blocked_by: blockedBy,
  } = plan;
  const lines: Line[] = [
    { label: 'would rotate', text: `${scope} from ${old_key_id ?? 'no key'} to ${new_key_id}, by itself` },
    { label: 'when', text: shareText(plan) },
    { label: 'not before', text: propagated_at === null ? 'nothing is staged' : utc(propagated_at) },
    { label: 'not after', text: deadline === null ? 'nothing would be asked for' : utc(deadline) },
    ...(offline > 0 ? [{ label: 'offline', text: `${offline}, which count against it` }] : []),
    { label: 'blocked by', text: blockedBy.length === 0 ? 'nothing' : named(blockedBy) },
  ];
  const result = { text: labelled(lines).join('\n'), document: plan };
  const [first] = blockedBy;
  return first === undefined
    ? result
    : { ...result, failure: new Failure(1, 'would be refused', { blocked_by: blockedBy }, hintFor(first, scope)) };
}

type Share = Pick<
  RotateWhenAppliedReply | PlanRotateWhenAppliedReply,
  'percent' | 'needed' | 'applied' | 'enrolled' | 'pending_count'
>;

const shareText = ({ percent, needed, applied, enrolled, pending_count: pending }: Share): string =>
  `${percent} % of the Nodes have applied it: ${needed} have to, ${applied} have so far, of ${enrolled} enrolled` +
  (pending > 0 ? ` (${pending} never came, and ${pending === 1 ? 'does' : 'do'} not count)` : '');
