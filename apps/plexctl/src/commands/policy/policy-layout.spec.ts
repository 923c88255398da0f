import type { PlanPolicyReply, PolicyReply, PolicyView } from '@plexsphere/wire/commands';
import { policyPlan, policyResult } from './policy-layout';

const POLICY: PolicyView = {
  ...{ algorithm: 'Ed25519', overlap_window_seconds: 86_400, propagation_delay_seconds: 900, rotate_every: '30d' },
  ...{ close: 'automatic', share_required: 95, key_id_pattern: '{name}-{yyyy}', standby: false },
  longest_token_seconds: 3_600,
};
const FROM: PolicyReply['from'] = {
  ...{ algorithm: 'setting', overlap_window_seconds: 'setting', propagation_delay_seconds: 'setting' },
  ...{ rotate_every: 'scope', close: 'kind', share_required: 'kind', key_id_pattern: 'setting', standby: 'setting' },
  longest_token_seconds: 'scope',
};
const lacking = { scope: 'domain:1', kind_version: 2, reason: 'the schedule is too dense' };
const KIND: PolicyReply = {
  ...{ kind: 'domain', scope: null, policy: POLICY, from: FROM, kind_version: 3, lacking: null },
  ...{ rings: 7, lacking_count: 3, lacking_rings: [lacking, { ...lacking, scope: 'domain:2', reason: null }] },
};

it('shows each member with whence it came, and by name who does not go by it', () => {
  expect(policyResult(KIND).text).toBe(
    [
      'policy of          domain, version 3',
      'algorithm          Ed25519 (setting)',
      'overlap-window     1d (setting)',
      'propagation-delay  15m (setting)',
      'rotate-every       30d (scope)',
      'close              automatic (kind)',
      'share-required     95 % (kind)',
      'key-id-pattern     {name}-{yyyy} (setting)',
      'standby            no (setting)',
      'token-life         1h (scope)',
      'rings              7, 3 of them lack it',
      'lacks it           domain:1 goes by version 2: the schedule is too dense',
      'lacks it           domain:2 goes by version 2: its turn comes within a minute',
      '                   and 1 more',
    ].join('\n'),
  );
});

it('of a scope that lacks what its kind has decided says so', () => {
  const of = policyResult({
    ...KIND,
    kind: null,
    scope: 'domain:1',
    lacking,
    rings: 1,
    lacking_count: 1,
    lacking_rings: [],
  });
  expect(of.text).toContain('policy of          domain:1\n');
  expect(of.text).toMatch(/lacks it +domain:1 goes by version 2: the schedule is too dense$/);
});

const PLAN: PlanPolicyReply = {
  ...{ kind: null, scope: 'platform', before: POLICY, after: { ...POLICY, rotate_every: 'never' }, rings: 1 },
  ...{ lacking_count: 0, lacking_rings: [], blocked_by: [], refused: null },
};

it('a plan names what would change, and nothing else', () => {
  expect(policyPlan(PLAN)).toEqual({
    document: PLAN,
    text: ['would set     platform', 'rotate-every  30d to never', 'blocked by    nothing'].join('\n'),
  });
});

it('a plan says what becomes of a standby that is of another algorithm', () => {
  const [before, after] = [
    { ...POLICY, standby: true },
    { ...POLICY, standby: true, algorithm: 'ES256' as const },
  ];
  const standby = /^the standby +is replaced by one of ES256, which may sign 15m after that$/m;
  expect(policyPlan({ ...PLAN, before, after }).text).toMatch(standby);
  expect(policyPlan({ ...PLAN, before, after: before }).text).not.toContain('the standby');
  expect(policyPlan({ ...PLAN, before: POLICY, after: { ...after, standby: false } }).text).not.toContain(
    'the standby',
  );
});

it('a plan that would be refused says why, and fails', () => {
  const refused = { field: 'rotate_every', reason: 'the schedule never fires' } as const;
  const blocked_by = ['signing: schedule invalid'];
  const { text, failure } = policyPlan({ ...PLAN, after: POLICY, refused, blocked_by });
  expect(text).toMatch(
    /changes +nothing\nblocked by +signing: schedule invalid\nbecause +--rotate-every: the schedule never fires$/,
  );
  expect(failure).toMatchObject({ exitCode: 1, hint: expect.stringContaining('--plan tries another') });
});
