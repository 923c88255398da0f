import type { NodesStatus, PlanCloseReply, PlanRotateReply } from '@plexsphere/wire/commands';
import { TO_BANK } from '../../../testing/channel';
import { closePlan, rotatePlan } from './plan';

const NONE: NodesStatus = {
  ...{ enrolled: 0, sent: 0, applied: 0, lagging_count: 0, lagging: [], pending_count: 0, pending: [] },
  ...{ offline_count: 0, offline: [], quietest: null },
};

const OPEN: PlanCloseReply = {
  ...{ scope: TO_BANK, old_key_id: 'key-1', new_key_id: 'key-2', closes_at: '2026-05-02T10:00:00Z' },
  ...{ earliest_close_at: '2026-05-02T10:00:00Z', safe_close_at: '2026-05-01T12:05:00Z', nodes: NONE },
  blocked_by: [],
};
const ACTIVE: PlanCloseReply = {
  ...{ ...OPEN, channel: { phase: 'active', senders: 1, receivers: 2 }, waiting_for: [] },
};

/** By its label, what is said. */
function said(plan: PlanCloseReply): Record<string, string> {
  const lines = String(closePlan(plan).text).split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/ {2,}/, 2)));
}

/** What is said of Nodes would mislead whoever reads of members. */
const NODES = /\bNodes?\b|verifiers that cache|enrolled/;

describe('the plan of a close of a channel', () => {
  it('says that nobody signs by a key that is staged, and so nothing is closed', () => {
    const plan: PlanCloseReply = {
      ...{ ...ACTIVE, channel: { phase: 'staged', senders: 1, receivers: 2 } },
      ...{ earliest_close_at: null, safe_close_at: null, waiting_for: ['bank-1'] },
      blocked_by: ['signing: not active yet'],
    };
    expect(said(plan)).toEqual({
      ...{ 'would close': TO_BANK, retires: 'key-1', keeps: 'key-2', members: '1 signs, 2 verify' },
      'closes at': '2026-05-02T10:00:00Z if it signed by now: it counts anew from when key-2 does',
      ...{
        'earliest close': 'none before key-2 signs',
        'waits for': 'bank-1',
        'blocked by': 'signing: not active yet',
      },
    });
    expect(closePlan(plan).text).not.toMatch(NODES);
  });

  it.each<[string, Partial<PlanCloseReply>, Record<string, string>]>([
    [
      'while a member that signs has not switched',
      { safe_close_at: null, waiting_for: ['web-1'], blocked_by: ['signing: nodes lagging'] },
      {
        'earliest close': '2026-05-02T10:00:00Z, or as soon as all have reported that they need key-1 no more',
        'unused from': 'not known yet: not all members that sign have said that they do so by key-2',
        'waits for': 'web-1',
      },
    ],
    [
      'while members sign by both',
      { blocked_by: ['signing: old key in use'] },
      {
        'earliest close': '2026-05-02T10:00:00Z, or as soon as all have reported that they need key-1 no more',
        'unused from': '2026-05-01T12:05:00Z: from then on no member signs by key-1',
        'waits for': 'nobody',
      },
    ],
    [
      'where nothing is in the way',
      { earliest_close_at: '2026-05-01T12:07:00Z' },
      { 'earliest close': '2026-05-01T12:07:00Z', 'blocked by': 'nothing', members: '1 signs, 2 verify' },
    ],
  ])('says of one that signs what its members still need: %s', (_, over, lines) => {
    expect(said({ ...ACTIVE, ...over })).toMatchObject(lines);
    expect(closePlan({ ...ACTIVE, ...over }).text).not.toMatch(NODES);
  });

  it('says where nothing is open', () => {
    const none = { old_key_id: null, new_key_id: null, closes_at: null, earliest_close_at: null, safe_close_at: null };
    const closed: PlanCloseReply = { ...OPEN, ...none, channel: { phase: 'closed', senders: 1, receivers: 2 } };
    expect(said(closed)).toMatchObject({ 'closes at': 'nothing is open', members: '1 signs, 2 verify' });
    expect(closePlan(closed).text).not.toMatch(NODES);
  });
});

it('the plan of a close of other scopes counts Nodes, and says until when verifiers keep keys', () => {
  const lagging = { ...NONE, enrolled: 2, sent: 2, applied: 1, lagging_count: 1, lagging: ['asleep'] };
  expect(said({ ...OPEN, scope: 'platform', nodes: lagging })).toMatchObject({
    nodes: '2 enrolled, 2 sent to, 1 applied, 1 lagging, 0 pending, 0 offline',
    ...{ lagging: 'asleep', 'safe from': '2026-05-01T12:05:00Z, for verifiers that cache keys' },
  });
});

it('the plan of a rotation of a channel speaks of members', () => {
  const plan: PlanRotateReply = {
    ...{ scope: TO_BANK, old_key_id: 'key-1', new_key_id: 'key-2', closes_at: '2026-05-02T10:00:00Z', nodes: 2 },
    ...{ pending_count: 0, offline_count: 0, waiting_for: ['bank-1', 'bank-2'], signers: ['signer-1'], blocked_by: [] },
  };
  const { text } = rotatePlan(plan);
  expect(text).toMatch(/^members +2 members would be told; none of them pending or offline$/m);
  expect(text).not.toMatch(NODES);
});
