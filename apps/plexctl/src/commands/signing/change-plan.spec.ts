import type { PlanChangeReply } from '@plexsphere/wire/commands';
import { changeLines, changePlan, refusePlanned } from './change-plan';

const PLAN: PlanChangeReply = {
  ...{
    scope: 'platform',
    change: 'revoke',
    active_key_id: 'p1',
    signs_afterwards: 'p2',
    makes_key: true,
    gone: ['p1'],
  },
  ...{ transition_expires: null, ends_rotation: false, needs_recovery_key: false, nodes: 3, pending_count: 0 },
  ...{ offline_count: 0, signers: ['signer-1'], signs_again_by: '2026-05-01T10:00:10.000Z', dropped_by: null },
  ...{ known_by: null, done_at: null, blocked_by: [], refused: null },
};

const text = (plan: Partial<PlanChangeReply>): string => {
  const { text: shown } = changePlan({ ...PLAN, ...plan }, { keyId: 'p1' });
  return typeof shown === 'string' ? shown : '';
};

describe('what a revoke breaks', () => {
  it('has an end that is named: the one of signing, and none of what was signed', () => {
    expect(text({})).toContain(
      `
fails         signing, until a signer has p2: within seconds; were it done now, by 2026-05-01T10:00:10.000Z at the latest
              what p1 signed, for good; what of it is ours and Nodes have not taken is signed anew and sent again
blocked by`,
    );
  });

  it('is no signing where the key that signs stays', () => {
    expect(text({ active_key_id: 'p2', signs_again_by: null })).toMatch(/\nfails +what p1 signed, for good/);
  });

  it('of Nodes that are away ends when they are back, or sooner where they drop the key by themselves', () => {
    expect(text({ offline_count: 1 })).toContain('1 Node away goes on trusting p1 until it is back\n');
    const others = { nodes: 9, pending_count: 1, offline_count: 2 };
    expect(text({ offline_count: 1, domain_nodes: others, dropped_by: '2026-05-02T10:00:00Z' })).toContain(
      '4 Nodes away go on trusting p1 until they are back, or until 2026-05-02T10:00:00Z\n',
    );
  });
});

it('of a rollback says whether other keys come in before the one that is taken back has gone', () => {
  const rollback = { change: 'rollback' as const, transition_expires: '2026-05-01T11:00:00Z', gone: [] };
  expect(text(rollback)).toContain('until 2026-05-01T11:00:00Z; no other key comes in before\n');
  expect(text({ ...rollback, scope: 'issuer:web' })).toContain(
    'until 2026-05-01T11:00:00Z at the latest: it goes when its last token is over, and keeps no other key out\n',
  );
});

it('of an issuer says who may not know the key that signs then, until when, and what becomes of tokens', () => {
  const issuer = { scope: 'issuer:web', known_by: '2026-05-01T10:15:00Z', makes_key: false, nodes: 0 };
  expect(text(issuer)).toBe(
    `would revoke  p1 of issuer:web
signs now     p1
signs then    p2, which is published already; signer-1 would try it first
known by      every verifier at 2026-05-01T10:15:00Z; until then one that keeps its key set may refuse what the key signs
goes          p1: at once and for good; nothing that it signed verifies any more
nodes         none is enrolled
fails         signing, until a signer has p2: within seconds; were it done now, by 2026-05-01T10:00:10.000Z at the latest
              what p1 signed, for good; clients ask for new tokens; a verifier that keeps its key set takes the old ones until it asks again
blocked by    nothing`,
  );
});

it('names the recovery key that is needed by its flag, or by the file that was given', () => {
  const plan = { ...PLAN, needs_recovery_key: true };
  expect(changeLines(plan, { keyId: 'p1' })).toContain('needs         the recovery key: --recovery-key <file>');
  expect(changeLines(plan, { recoveryKey: 'r.json' })).toContain('needs         the recovery key: r.json');
});

it('of a revoke that is done says when, and that it changes nothing', () => {
  const done = { done_at: '2026-05-01T09:00:00.000Z', signs_afterwards: null, gone: [], signs_again_by: null };
  expect(changePlan({ ...PLAN, ...done }).failure).toBeUndefined();
  expect(text(done)).toBe(
    `would revoke  p1 of platform
signs now     p1
changes       nothing: p1 was revoked at 2026-05-01T09:00:00.000Z; it is answered again as it was then
blocked by    nothing`,
  );
});

it('of a recommit says that no key changes that anybody trusts', () => {
  expect(
    text({ change: 'recommit', signs_afterwards: 'p1', makes_key: false, gone: [], signs_again_by: null }),
  ).toMatch(/\nchanges +the key ahead alone, which no Node trusts yet\n/);
});

describe('what blocks a change', () => {
  const blocked = {
    ...PLAN,
    ...{ signs_afterwards: null, gone: [], blocked_by: ['signing: rollback settling'] },
    refused: {
      ...{ code: 'FAILED_PRECONDITION', detail: 'signing: rollback settling' },
      ...{ key_id: 'p2', settles_at: '2026-05-01T10:00:00Z' },
    },
  } satisfies PlanChangeReply;

  it('is told whole by the plan: which key, until when', () => {
    expect(changePlan(blocked).failure).toMatchObject({
      ...{ exitCode: 1, detail: 'would be refused' },
      members: { key_id: 'p2', settles_at: '2026-05-01T10:00:00Z', blocked_by: ['signing: rollback settling'] },
    });
  });

  it('is told by the command itself as the service would', () => {
    expect(() => refusePlanned(PLAN)).not.toThrow();
    const asked = (): void => refusePlanned(blocked);
    expect(asked).toThrow(
      expect.objectContaining({
        ...{ exitCode: 1, detail: 'signing: rollback settling' },
        members: { code: 'FAILED_PRECONDITION', key_id: 'p2', settles_at: '2026-05-01T10:00:00Z' },
        hint: expect.stringContaining('settles_at'),
      }),
    );
  });

  it('is not given the members of another refusal', () => {
    const denied = { ...blocked, blocked_by: ['signing: permission denied', 'signing: rollback settling'] };
    expect(changePlan(denied).failure?.members).toEqual({ blocked_by: denied.blocked_by });
  });
});
