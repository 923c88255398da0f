import type { ChannelRingView, MemberOfRing, RotateReply, ShowChannelReply } from '@plexsphere/wire/commands';
import { problem, type ProblemName } from '@plexsphere/wire';
import type { Reaction, Request } from './fake-bus';
import { NOW } from './status';

/** The directions of channel `pay`, in the order of their names: each side has one member. */
export const TO_WEB = 'channel:pay:bank-to-web';
export const TO_BANK = 'channel:pay:web-to-bank';
export const WEB_ID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
export const BANK_ID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';

const AGO = '2026-05-01T11:59:30Z';

const member = (given: Partial<MemberOfRing>): MemberOfRing => ({
  ...{ node_id: WEB_ID, name: 'web-1', side: 'web', role: 'sender', sink: false, epoch: 3, proven: ['key-1'] },
  ...{ reported_at: AGO, last_signed: null, last_verified: null, refusals: {}, taken_over: [] },
  ...given,
});

export const sender = (given: Partial<MemberOfRing> = {}): MemberOfRing =>
  member({ last_signed: { key_id: 'key-1', at: AGO }, ...given });

export const receiver = (given: Partial<MemberOfRing> = {}): MemberOfRing =>
  member({
    ...{ node_id: BANK_ID, name: 'bank-1', side: 'bank', role: 'receiver' },
    last_verified: { key_id: 'key-1', at: AGO },
    ...given,
  });

/** All is well; no rotation so far. */
export const ring = (scope: string, given: Partial<ChannelRingView> = {}): ChannelRingView => ({
  ...{ scope, epoch: 3, active_key_id: 'key-1', phase: null, old_key_id: null, new_key_id: null },
  ...{
    opened_at: null,
    activated_at: null,
    closes_at: null,
    safe_close_at: null,
    waiting_for: [],
    signs_from: null,
    overdue: false,
  },
  members:
    scope === TO_BANK
      ? [sender(), receiver()]
      : [
          sender({ node_id: BANK_ID, name: 'bank-1', side: 'bank' }),
          receiver({ node_id: WEB_ID, name: 'web-1', side: 'web' }),
        ],
  ...given,
});

/** A rotation from key-1 to key-2. */
export const rotating = (phase: 'staged' | 'active' | 'closed' | 'rolled_back'): Partial<ChannelRingView> => ({
  ...{ phase, old_key_id: 'key-1', new_key_id: 'key-2', opened_at: '2026-05-01T11:00:00Z', epoch: 4 },
  ...{ closes_at: '2026-05-02T11:00:00Z', activated_at: phase === 'staged' ? null : '2026-05-01T11:05:00Z' },
  active_key_id: phase === 'active' || phase === 'closed' ? 'key-2' : 'key-1',
});

export const channel = (...rings: ChannelRingView[]): ShowChannelReply => ({
  ...{ slug: 'pay', sides: ['web', 'bank'], created_at: '2026-04-01T10:00:00Z', now: NOW },
  rings: rings.length === 0 ? [ring(TO_WEB), ring(TO_BANK)] : rings,
});

export const opened = (scope: string, given: Partial<RotateReply> = {}): RotateReply => ({
  ...{ scope, old_key_id: 'key-1', new_key_id: 'key-2', opened_at: NOW, closes_at: '2026-05-02T12:00:00Z', epoch: 4 },
  ...{ confirmed: ['signer-1'], lapsed: [], unready: [], nodes: 2, phase: 'staged', waiting_for: ['bank-1'] },
  ...given,
});

export const refusal = (name: ProblemName, members: Record<string, unknown> = {}): Reaction => ({
  problem: { ...problem(name, members).body },
});

export const commandOf = ({ subject }: Request): string => subject.split('.').slice(2).join('.');
