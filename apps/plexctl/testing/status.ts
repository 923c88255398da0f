import type { Backlog, NodesStatus, ScopeStatus, StatusReply } from '@plexsphere/wire/commands';

export const NOW = '2026-05-01T12:00:00Z';

export const nodes = (given: Partial<NodesStatus> = {}): NodesStatus => ({
  ...{ enrolled: 3, sent: 3, applied: 3, lagging_count: 0, lagging: [], pending_count: 0, pending: [] },
  ...{ offline_count: 0, offline: [], quietest: null },
  ...given,
});

export const backlog = (given: Partial<Backlog> = {}): Backlog => ({
  ...{ rows: 0, unsent: 0, sent: 0, oldest_seconds: null, oldest_unsent_seconds: null },
  ...given,
});

/** A rotation from k1 to k2 that was opened two hours ago; everybody is well. */
export const scopeStatus = (given: Partial<ScopeStatus> = {}): ScopeStatus => ({
  scope: 'platform',
  epoch: 2,
  trust_epoch: 2,
  keys: [
    { key_id: 'k2', state: 'active', algorithm: 'Ed25519', since: '2026-05-01T10:00:00Z', age_seconds: 7_200 },
    { key_id: 'k1', state: 'retiring', algorithm: 'Ed25519', since: '2026-05-01T10:00:00Z', age_seconds: 7_200 },
  ],
  known_by: null,
  transition: {
    ...{ old_key_id: 'k1', new_key_id: 'k2', opened_at: '2026-05-01T10:00:00Z', closes_at: '2026-05-02T10:00:00Z' },
    ...{ seconds_left: 79_200, switched_at: '2026-05-01T10:00:01Z', safe_close_at: '2026-05-01T11:20:31Z' },
    closes_itself_at: null,
  },
  signers: [{ holder: 'signer-1', state: 'confirmed', epoch: 2, renewed_at: NOW }],
  nodes: nodes(),
  backlog: backlog(),
  ...given,
});

export const statusReply = (...scopes: ScopeStatus[]): StatusReply => ({
  now: NOW,
  short_overlap_allowed: false,
  scopes,
  refusals: [],
  held_back: [],
});
