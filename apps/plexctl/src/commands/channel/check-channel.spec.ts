import type { ShowChannelReply } from '@plexsphere/wire/commands';
import { BANK_ID, channel, receiver, ring, rotating, sender, TO_BANK, TO_WEB } from '../../../testing/channel';
import { checkedMembers, findings } from './check-channel';

/** What is found, and of whom. */
const found = (reply: ShowChannelReply): string[] =>
  findings(reply).map(({ what, member, scope }) => [what, member ?? '-', scope ?? 'both'].join(' '));

const lacking = (reply: ShowChannelReply): string[] =>
  checkedMembers(reply).flatMap(({ name, lacks }) => (lacks.length === 0 ? [] : [`${name} ${lacks.join(',')}`]));

it('finds nothing where all are there, and hold what is signed by', () => {
  expect(found(channel())).toEqual([]);
});

describe('not well is', () => {
  it('a member that never reported, once, whatever it lacks', () => {
    const never = { reported_at: null, epoch: null, proven: [] };
    const reply = channel(
      ring(TO_WEB, {
        members: [sender({ name: 'bank-1', side: 'bank', ...never }), receiver({ name: 'web-1', side: 'web' })],
      }),
      ring(TO_BANK, { members: [sender(), receiver(never)] }),
    );
    expect(found(reply)).toEqual(['never_reported bank-1 both']);
  });

  it.each([
    ['11:57:00', []],
    ['11:56:59', [`silent bank-1 ${TO_BANK}`]],
  ])('a member whose last word is of %s, at 12:00', (time, said) => {
    const reported_at = `2026-05-01T${time}Z`;
    expect(found(channel(ring(TO_BANK, { members: [sender(), receiver({ reported_at })] })))).toEqual(said);
  });

  it('whatever was refused in the last hour, of a sink too', () => {
    const refusals = { stale: 3, unknown_kid: 1 };
    const sink = receiver({ sink: true, last_verified: 'unknown', refusals: { malformed: 1 } });
    const reply = channel(ring(TO_BANK, { members: [sender({ refusals }), sink] }));
    expect(findings(reply).map(({ member, text }) => [member, text])).toEqual([
      ['web-1', 'refused in the last hour: stale 3, unknown_kid 1'],
      ['bank-1', 'refused in the last hour: malformed 1'],
    ]);
  });

  it('a key that waits for too long', () => {
    const late = { ...rotating('staged'), waiting_for: ['bank-1'], overdue: true };
    const reply = channel(ring(TO_WEB), ring(TO_BANK, late));
    expect(found(reply)).toEqual([`overdue - ${TO_BANK}`]);
    expect(findings(reply)[0]?.text).toContain(`plexctl signing rollback --scope ${TO_BANK}`);
  });

  it('a side where nobody is, once for both directions', () => {
    const reply = channel(
      ring(TO_WEB, { members: [receiver({ name: 'web-1', side: 'web' })] }),
      ring(TO_BANK, { members: [sender()] }),
    );
    expect(found(reply)).toEqual(['no_members - both']);
    expect(findings(reply)[0]?.text).toContain('--slug pay --side bank');
  });
});

describe('what a receiver has to have proven', () => {
  const held = (...proven: string[]) => ({ proven, epoch: 4 });
  const of = (
    phase: 'staged' | 'active' | 'closed' | 'rolled_back',
    sending: string[],
    receiving: string[],
    epoch = 4,
  ) =>
    channel(
      ring(TO_BANK, {
        ...rotating(phase),
        members: [sender({ ...held(...sending), epoch }), receiver(held(...receiving))],
      }),
    );

  it('is no key that is staged: nobody signs by it', () => {
    expect(lacking(of('staged', ['key-1'], ['key-1']))).toEqual([]);
  });

  it('is both keys, once the new one signs', () => {
    expect(lacking(of('active', ['key-2', 'key-1'], ['key-2', 'key-1']))).toEqual([]);
    expect(lacking(of('active', ['key-2', 'key-1'], ['key-1']))).toEqual(['bank-1 key-2']);
    expect(lacking(of('active', ['key-2', 'key-1'], ['key-2']))).toEqual(['bank-1 key-1']);
  });

  it('is the new key alone from closes_at on, when receivers drop the old one by themselves', () => {
    const reply = of('active', ['key-2'], ['key-2']);
    expect(lacking({ ...reply, now: '2026-05-02T10:59:59Z' })).toEqual(['bank-1 key-1']);
    expect(lacking({ ...reply, now: '2026-05-02T11:00:00Z' })).toEqual([]);
  });

  it('is after a close the new key alone, but where a sender has not heard of it', () => {
    expect(lacking(of('closed', ['key-2'], ['key-2']))).toEqual([]);
    expect(lacking(of('closed', ['key-2', 'key-1'], ['key-2'], 3))).toEqual([]);
    expect(lacking(of('closed', ['key-1'], ['key-2'], 2))).toEqual(['bank-1 key-1']);
  });

  it('is after a rollback the new key as well, for as long as a sender may sign by it', () => {
    expect(lacking(of('rolled_back', ['key-2', 'key-1'], ['key-1'], 4))).toEqual([]);
    expect(lacking(of('rolled_back', ['key-2', 'key-1'], ['key-1'], 3))).toEqual(['bank-1 key-2']);
  });

  it('is nothing of a sender, however little it holds', () => {
    expect(lacking(of('active', [], ['key-2', 'key-1']))).toEqual([]);
  });
});

it('holds nothing against a sink that cannot say what was signed or verified', () => {
  const sinks = [
    sender({ sink: true, last_signed: 'unknown' }),
    receiver({ node_id: BANK_ID, sink: true, last_verified: 'unknown' }),
  ];
  expect(found(channel(ring(TO_BANK, { members: sinks })))).toEqual([]);
});
