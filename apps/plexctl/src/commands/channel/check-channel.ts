import { channelDirection } from '@plexsphere/wire';
import type { ChannelRingView, MemberOfRing, ShowChannelReply } from '@plexsphere/wire/commands';
import { age, named, secondsBetween } from '../../layout';
import { utc } from '../../render';
import { refusalsText } from './member-cells';

/** Whether all is well with a channel: pure, over what its members said. */

/** A member reports each minute: three that nobody heard are no accident. */
const SILENT_SECONDS = 180;

/** One direction and one member of it. */
export interface CheckedMember {
  scope: string;
  node_id: string;
  name: string;
  role: MemberOfRing['role'];
  sink: boolean;
  /** Key ids, newest first: held, and proven to be. */
  held: readonly string[];
  /** Keys that somebody may sign by, and that this one, who verifies, has not proven. */
  lacks: readonly string[];
  last_signed: MemberOfRing['last_signed'];
  last_verified: MemberOfRing['last_verified'];
  /** Of the last hour, by reason. */
  refusals: MemberOfRing['refusals'];
  reported_at: string | null;
}

export interface Finding {
  /** null of what a member is in both directions. */
  scope: string | null;
  /** null of what is of a whole direction. */
  member: string | null;
  what: 'no_members' | 'never_reported' | 'silent' | 'lacks_proof' | 'refusals' | 'overdue';
  text: string;
}

export const checkedMembers = ({ rings, now }: Pick<ShowChannelReply, 'rings' | 'now'>): CheckedMember[] =>
  rings.flatMap((ring) => {
    const signed = mayBeSignedBy(ring, now);
    return ring.members.map(({ proven, side: _, epoch: _epoch, taken_over: _found, ...member }) => ({
      ...{ scope: ring.scope, ...member, held: proven },
      lacks: member.role === 'receiver' ? signed.filter((keyId) => !proven.includes(keyId)) : [],
    }));
  });

/**
 * By the one that signs; by the one before, for as long as its successor is not known to have taken its place everywhere, and
 * not after closes_at: then receivers drop it by themselves, closed or not; and
 * a sender that holds an earlier epoch signs by the newest key that it has, for it was given none that is staged.
 */
function mayBeSignedBy(ring: ChannelRingView, now: string): string[] {
  const { active_key_id: active, old_key_id: old, phase, epoch, members, closes_at: closesAt } = ring;
  const isOver = closesAt !== null && Date.parse(closesAt) <= Date.parse(now);
  const behind = members.filter((member) => member.role === 'sender' && member.epoch !== null && member.epoch < epoch);
  const keyIds = [
    active,
    ...(phase === 'active' && old !== null && !isOver ? [old] : []),
    ...behind.flatMap(({ proven: [newest] }) => newest ?? []),
  ];
  return [...new Set(keyIds)];
}

export function findings(reply: ShowChannelReply): Finding[] {
  const { slug, now } = reply;
  const members = checkedMembers(reply);
  return [
    ...once(reply.rings.flatMap(emptySides), ({ text }) => text),
    ...reply.rings.flatMap(overdue),
    ...once(
      members.flatMap((member) => presence(member, slug, now)),
      ({ member, what }) => `${member} ${what}`,
    ),
    ...members.flatMap(proofFindings),
    ...members.flatMap(refusalFindings),
  ];
}

function emptySides({ scope, members }: ChannelRingView): Finding[] {
  const { slug, from, to } = channelDirection(scope) ?? { slug: '', from: '', to: '' };
  const empty = [from, to].filter((side) => !members.some((member) => member.side === side));
  return empty.map((side) => {
    const text = `nobody is at side ${side}: plexctl channel add-member --slug ${slug} --side ${side} --name <name>`;
    return { scope, member: null, what: 'no_members', text };
  });
}

function overdue({
  scope,
  waiting_for: waitingFor,
  new_key_id: keyId,
  overdue: isOverdue,
}: ChannelRingView): Finding[] {
  if (!isOverdue) return [];
  const who = waitingFor.length === 0 ? 'somebody' : named(waitingFor);
  const back = `plexctl signing rollback --scope ${scope}`;
  const text = `${keyId} has waited too long for the proof of ${who}: look at the log there; ${back} takes it back`;
  return [{ scope, member: null, what: 'overdue', text }];
}

function presence({ scope, name, reported_at: at }: CheckedMember, slug: string, now: string): Finding[] {
  const gone = `if it is gone for good: plexctl channel remove-member --slug ${slug} --name ${name}`;
  if (at === null)
    return [
      { scope, member: name, what: 'never_reported', text: `never reported: start it, or look at its log; ${gone}` },
    ];
  const silent = secondsBetween(at, now);
  if (silent <= SILENT_SECONDS) return [];
  const text = `silent for ${age(silent)}, since ${utc(at)}: look at its log; ${gone}`;
  return [{ scope, member: name, what: 'silent', text }];
}

/** A process is silent, and a side is empty, whichever the direction: it is said once, of both. */
const once = (all: readonly Finding[], nameOf: (finding: Finding) => string): Finding[] =>
  all.flatMap((finding, at) => {
    const same = all.filter((other) => nameOf(other) === nameOf(finding));
    if (all.findIndex((other) => nameOf(other) === nameOf(finding)) < at) return [];
    return [same.length === 1 ? finding : { ...finding, scope: null }];
  });

function proofFindings({ scope, name, lacks, reported_at: at }: CheckedMember): Finding[] {
  // What was never said of is told as that.
  if (lacks.length === 0 || at === null) return [];
  const text = `has not proven ${named(lacks)}, which somebody may sign by: it would refuse that`;
  return [{ scope, member: name, what: 'lacks_proof', text }];
}

function refusalFindings(member: CheckedMember): Finding[] {
  if (Object.keys(member.refusals).length === 0) return [];
  const text = `refused in the last hour: ${refusalsText(member)}`;
  return [{ scope: member.scope, member: member.name, what: 'refusals', text }];
}
