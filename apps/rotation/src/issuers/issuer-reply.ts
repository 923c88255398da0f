import { activeKey, propagatedAt } from '@plexsphere/keyring';
import type { IssuerKey, IssuerReply } from '@plexsphere/wire/commands';
import { ringPolicy } from '../policies/policy-decisions';
import { foreignView } from '../rings/foreign-view';
import { knownBy } from '../rings/known-by';
import type { StoredRing } from '../rings/read-ring';
import type { RotationConfig } from '../rotation-config';
import { issuerSummary, type IssuerRow } from './list-issuers';

/** With the keys that its key set names, the one that signs first. */
export function issuerReply(row: IssuerRow, stored: StoredRing, config: RotationConfig, now: Date): IssuerReply {
  const { ring, keys, issuer } = stored;
  const policy = ringPolicy(stored, config);
  const shown = keys.flatMap((key): IssuerKey[] => {
    const { state, keyId: key_id, algorithm } = key;
    if (state === 'retired' || state === 'revoked') return [];
    const isPublished = state === 'staged' && key.publishedAt !== null;
    const propagated = isPublished ? propagatedAt(key, policy) : null;
    return [
      {
        ...{ key_id, state, algorithm, since: key.stateSince.toISOString() },
        propagated_at: propagated?.toISOString() ?? null,
        tokens_until: key.tokensUntil?.toISOString() ?? null,
        verifies_until: key.verifiesUntil?.toISOString() ?? null,
        ...foreignView(key),
      },
    ];
  });
  const active = activeKey({ keys });
  const known = knownBy({ ...active, isFirst: active === keys[0] }, now, policy);
  return {
    ...issuerSummary(row),
    epoch: ring.epoch,
    longest_token_seconds: (issuer?.longestTokenMs ?? 0) / 1_000,
    known_by: known?.toISOString() ?? null,
    now: now.toISOString(),
    keys: shown.sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state)),
  };
}

const ORDER: readonly IssuerKey['state'][] = ['active', 'staged', 'retiring'];
