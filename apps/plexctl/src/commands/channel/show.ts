import type { ChannelRingView, ShowChannelReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { age, labelled, named, orDash, secondsBetween, type Line } from '../../layout';
import { printable } from '../../printable';
import { table, utc } from '../../render';
import { SLUG_FLAG } from './channel-flags';
import { keysText, lastSigned, lastVerified, refusalsText, SINK_CANNOT_SAY } from './member-cells';
import { ringSteps } from './ring-steps';

export const showChannel = command({
  path: ['channel', 'show'],
  about: `Shows both directions of a channel: the key that signs, how the latest rotation stands and whom its next step waits
    for, and its members with what they said last: the epoch of the ring that they hold, the keys that they have proven to
    hold, by which key they signed or verified last, and what they refused in the last hour. Lines that begin with next: say
    what happens by itself, and what to do.`,
  flags: { slug: SLUG_FLAG },
  examples: ['plexctl channel show --slug payments', 'plexctl channel show --slug payments --output json'],
  asks: 'bus',

  async run({ flags: { slug }, bus }) {
    const document = await bus.ask('channel.show', { slug });
    return { text: textOf(document), document };
  },
});

function textOf({ slug, sides, created_at: createdAt, now, rings }: ShowChannelReply): string {
  const hasSinks = rings.some(({ members }) => members.some(({ sink }) => sink));
  return [
    `channel ${slug}, of ${sides.join(' and ')}, since ${utc(createdAt)}`,
    ...rings.flatMap((ring) => ['', ...ringLines(ring, now)]),
    ...(hasSinks ? ['', SINK_CANNOT_SAY] : []),
  ].join('\n');
}

function ringLines(ring: ChannelRingView, now: string): string[] {
  const { scope, epoch, members } = ring;
  const takenOver = members.filter(({ taken_over: found }) => found.length > 0);
  const count = (role: string): number => members.filter((member) => member.role === role).length;
  return [
    printable(`${scope}  epoch ${epoch}`),
    ...labelled(
      [
        { label: 'signs', text: ring.active_key_id },
        ...rotationLines(ring, now),
        ...takenOver.map(({ name, taken_over: found }) => ({
          label: 'not ours',
          text: `${named(found)}, which ${name} found and keeps until the first close`,
        })),
      ],
      '  ',
    ),
    ...memberTable(ring, now),
    ...ringSteps(ring, { senders: count('sender'), receivers: count('receiver') }).map((step) =>
      printable(`  next: ${step}`),
    ),
  ];
}

function rotationLines(ring: ChannelRingView, now: string): Line[] {
  const { phase, old_key_id: old, new_key_id: fresh, opened_at: openedAt, activated_at: activatedAt } = ring;
  const { closes_at: closesAt, waiting_for: waitingFor, overdue } = ring;
  if (phase === null) return [{ label: 'rotation', text: 'none so far' }];
  const since = openedAt === null ? '' : `, since ${utc(openedAt)} (${age(secondsBetween(openedAt, now))})`;
  const isOpen = phase === 'staged' || phase === 'active';
  return [
    { label: 'rotation', text: `${phase}: ${orDash(old)} to ${orDash(fresh)}${since}` },
    ...(phase === 'staged' ? [{ label: '', text: `nobody signs by ${orDash(fresh)} yet` }] : []),
    ...(activatedAt === null ? [] : [{ label: '', text: signedText(ring, utc(activatedAt)) }]),
    ...(phase === 'active' && closesAt !== null ? [{ label: '', text: `closes at ${utc(closesAt)}` }] : []),
    ...(isOpen || waitingFor.length > 0
      ? [
          {
            label: 'waits for',
            text: waitingFor.length === 0 ? nobodyText(ring, now) : `${named(waitingFor)}${overdue ? ', OVERDUE' : ''}`,
          },
        ]
      : []),
  ];
}

/** Who verifies is waited for when members have signed by both for long enough, and has to report once more then. */
const nobodyText = ({ phase, safe_close_at: safeAt }: ChannelRingView, now: string): string =>
  phase === 'active' && safeAt !== null && secondsBetween(now, safeAt) > 0
    ? `nobody so far; members sign by both keys until ${utc(safeAt)}, and then those that verify report once more`
    : 'nobody';

const signedText = ({ phase, new_key_id: fresh }: ChannelRingView, since: string): string =>
  phase === 'active' || phase === 'closed'
    ? `${orDash(fresh)} signs since ${since}`
    : `${orDash(fresh)} signed from ${since} on, until then`;

function memberTable({ members }: ChannelRingView, now: string): string[] {
  if (members.length === 0) return ['  no members'];
  const rows = members.map((member) => [
    ...[member.sink ? `${member.name} (sink)` : member.name, member.side, member.role],
    ...[member.epoch === null ? '-' : String(member.epoch), keysText(member.proven)],
    ...[lastSigned(member), lastVerified(member), refusalsText(member)],
    member.reported_at === null ? 'never' : `${age(secondsBetween(member.reported_at, now))} ago`,
  ]);
  const columns = ['MEMBER', 'SIDE', 'ROLE', 'EPOCH', 'PROVEN', 'LAST_SIGNED', 'LAST_VERIFIED', 'REFUSED', 'REPORTED'];
  return table({ columns, rows })
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
}
