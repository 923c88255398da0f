import type { ShowChannelReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { Failure } from '../../failure';
import { age, labelled, named, secondsBetween } from '../../layout';
import { table, type Result } from '../../render';
import { SLUG_FLAG } from './channel-flags';
import { checkedMembers, findings, type CheckedMember, type Finding } from './check-channel';
import { keysText, refusalsText, SINK_CANNOT_SAY, useText } from './member-cells';

export const verifyChannel = command({
  path: ['channel', 'verify'],
  about: `Shows a row a direction and member: the keys that it holds, whether it has proven all that somebody may sign by, by
    which it signed or verified last, and what it refused in the last hour. Exits 0 only where all is well. It is not where a
    side has no member, a member never reported or was silent for more than 3 minutes, where one that verifies lacks the
    proof of a key that another may sign by, where anything was refused in the last hour, and where a key waits for its
    proofs for too long (overdue): each is named, with what to do.

    Of a sink it is unknown what was signed or verified last: that is said, and is not held against it.`,
  flags: { slug: SLUG_FLAG },
  examples: ['plexctl channel verify --slug payments', 'plexctl channel verify --slug payments --output json'],
  asks: 'bus',

  async run({ flags: { slug }, bus }) {
    return verified(await bus.ask('channel.show', { slug }));
  },
});

function verified(reply: ShowChannelReply): Result {
  const { slug, now } = reply;
  const members = checkedMembers(reply);
  const found = findings(reply);
  const document = { slug, now, well: found.length === 0, members, findings: found };
  const result = { text: textOf(reply, members, found), document };
  if (found.length === 0) return result;
  const who = [...new Set(found.map(({ member, scope }) => member ?? scope ?? slug))];
  const about = { findings: found.length, about: named(who) };
  return {
    ...result,
    failure: new Failure(1, 'not all is well', about, `plexctl channel show --slug ${slug} shows more`),
  };
}

function textOf({ slug, now }: ShowChannelReply, members: readonly CheckedMember[], found: readonly Finding[]): string {
  const columns = ['SCOPE', 'MEMBER', 'ROLE', 'HELD', 'PROVEN', 'LAST_SIGNED', 'LAST_VERIFIED', 'REFUSED', 'REPORTED'];
  const rows = table({ columns, rows: members.map((member) => cellsOf(member, now)) }).trimEnd();
  const hasSinks = members.some(({ sink }) => sink);
  const lines = labelled(
    found.map(({ member, scope, text }) => ({ label: labelOf(member, scope, slug), text })),
    '  ',
  );
  return [
    rows,
    ...(hasSinks ? ['', SINK_CANNOT_SAY] : []),
    '',
    ...(found.length === 0 ? ['all is well'] : ['not well:', ...lines]),
  ].join('\n');
}

const labelOf = (member: string | null, scope: string | null, slug: string): string =>
  [...(member === null ? [] : [member]), ...(scope === null ? [] : [scope])].join(', ') || slug;

function cellsOf(member: CheckedMember, now: string): string[] {
  const {
    scope,
    name,
    role,
    sink,
    held,
    lacks,
    last_signed: signed,
    last_verified: verifiedBy,
    reported_at: at,
  } = member;
  return [
    ...[scope, sink ? `${name} (sink)` : name, role, keysText(held)],
    lacks.length > 0 ? `lacks ${lacks.join(',')}` : held.length === 0 ? '-' : 'all',
    ...[role === 'sender' ? useText(signed) : '-', role === 'receiver' ? useText(verifiedBy) : '-'],
    ...[refusalsText(member), at === null ? 'never' : `${age(secondsBetween(at, now))} ago`],
  ];
}
