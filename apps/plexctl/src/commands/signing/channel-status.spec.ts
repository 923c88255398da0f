import type { ChannelStatus, OpenTransitionView, ScopeStatus } from '@plexsphere/wire/commands';
import { TO_BANK } from '../../../testing/channel';
import { scopeStatus, statusReply } from '../../../testing/status';
import { statusLines } from './status-layout';

const OPEN: OpenTransitionView = {
  ...{ old_key_id: 'key-1', new_key_id: 'key-2', opened_at: '2026-05-01T10:00:00Z', closes_at: '2026-05-02T10:00:00Z' },
  ...{ seconds_left: 79_200, switched_at: '2026-05-01T10:00:01Z', safe_close_at: null, closes_itself_at: null },
};
const STAGED: ChannelStatus = {
  ...{
    phase: 'staged',
    activated_at: null,
    senders: 1,
    receivers: 2,
    waiting_for: ['bank-1', 'bank-2'],
    signs_from: null,
    overdue: false,
  },
};
const ACTIVE: ChannelStatus = { ...STAGED, phase: 'active', activated_at: '2026-05-01T11:55:00Z', waiting_for: [] };

const said = (
  channel: ChannelStatus,
  transition: OpenTransitionView | null,
  given: Partial<ScopeStatus> = {},
): string => statusLines(statusReply(scopeStatus({ scope: TO_BANK, channel, transition, ...given }))).join('\n');

describe('the status of a direction of a channel', () => {
  it('says of a key that is staged that nobody signs by it, and whom it waits for', () => {
    const text = said(STAGED, OPEN);
    expect(text).toMatch(/^ {2}rotation +staged: key-1 to key-2, since 2026-05-01T10:00:00Z$/m);
    expect(text).toMatch(/^ +nobody signs by key-2 yet; closes_at counts anew from when somebody does$/m);
    expect(text).toMatch(/^ +waits for bank-1, bank-2$/m);
    expect(text).toMatch(/^ {2}members +1 signs, 2 verify$/m);
    expect(text).toContain('next: key-2 signs by itself once bank-1, bank-2 have proven to hold it');
    // What stands there of others would mislead.
    expect(text).not.toMatch(/nodes|switch|plexctl signing close|plexctl signing rotate/);
  });

  it('says from when on it signs, where those who read what a sink has written have their time yet', () => {
    const text = said({ ...STAGED, waiting_for: ['bank-sink'], signs_from: '2026-05-01T12:10:00Z' }, OPEN);
    expect(text).toContain('next: key-2 signs by itself from 2026-05-01T12:10:00Z on: bank-sink has written it');
    expect(text).not.toContain('proven');
  });

  it('says what is overdue, and the ways on', () => {
    const text = said({ ...STAGED, overdue: true }, OPEN);
    expect(text).toMatch(/waits for bank-1, bank-2, OVERDUE$/m);
    expect(text).toContain(`plexctl signing rollback --scope ${TO_BANK}`);
    expect(text).toContain('plexctl channel remove-member --slug pay --name bank-2');
  });

  it('says since when a key signs, and from when on it can be closed', () => {
    const text = said(ACTIVE, { ...OPEN, safe_close_at: '2026-05-01T12:05:00Z' });
    expect(text).toMatch(/^ +key-2 signs since 2026-05-01T11:55:00Z; closes at 2026-05-02T10:00:00Z, 22h left$/m);
    expect(text).toContain(
      `next: nobody signs by key-1 from 2026-05-01T12:05:00Z on: then, when all that verify have reported since, plexctl signing close --scope ${TO_BANK} --old key-1 --new key-2`,
    );
    const waiting = said({ ...ACTIVE, waiting_for: ['web-1'] }, OPEN);
    expect(waiting).toContain('next: web-1 may still need key-1: close when nobody is waited for');
  });

  it('says when it closes by itself', () => {
    const text = said(ACTIVE, { ...OPEN, closes_itself_at: '2026-05-02T10:00:00Z' });
    expect(text).toContain("next: without anybody's doing the rotation closes by itself at 2026-05-02T10:00:00Z");
  });

  it('says who has not switched back after a rollback', () => {
    const keys: ScopeStatus['keys'] = [
      { key_id: 'key-1', state: 'active', algorithm: 'HS256', since: '2026-05-01T10:00:00Z', age_seconds: 7_200 },
      {
        ...{
          key_id: 'key-2',
          state: 'retiring',
          algorithm: 'HS256',
          since: '2026-05-01T11:00:00Z',
          age_seconds: 3_600,
        },
        verifies_until: '2026-05-02T10:00:00Z',
      },
    ];
    const text = said({ ...ACTIVE, phase: 'rolled_back', waiting_for: ['web-1'] }, null, { keys });
    expect(text).toMatch(/^ {2}rotation +none open; the latest: rolled_back$/m);
    expect(text).toContain('next: key-2 verifies until web-1 has switched back; then it goes by itself');
  });

  it('says where a side is empty', () => {
    const text = said({ ...STAGED, phase: null, receivers: 0, waiting_for: [] }, null);
    expect(text).toContain('next: nobody is at side bank: plexctl channel add-member --slug pay --side bank');
  });

  it('has nothing to do where all is done', () => {
    const text = said({ ...ACTIVE, phase: 'closed' }, null);
    expect(text).toContain('next: nothing to do');
  });
});
