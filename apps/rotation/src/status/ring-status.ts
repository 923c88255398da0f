import {
  closesItselfAt,
  propagatedAt,
  safeCloseAt,
  tokensOverAt,
  type Policy,
  type RingPolicy,
} from '@plexsphere/keyring';
import type { TransitionEntity } from '@plexsphere/store';
import type { AlgorithmName } from '@plexsphere/wire';
import type { KeyStatus, OpenTransitionView, ScopeStatus } from '@plexsphere/wire/commands';
import { oldKeyUnusedFrom, type ChannelFacts, type ChannelSettings } from '../channels/channel-status';
import { foreignView } from '../rings/foreign-view';
import { knownBy } from '../rings/known-by';
import type { KeyRow } from '../rings/list-keys';
import { policyOf } from '../rings/read-ring';
import { rotationView } from '../rings/ring-view';
import { secondsBetween } from '../transactions/database-clock';

/** What a ring is read against. */
interface RingTerms {
  now: Date;
  /** What each ring goes by. */
  goesBy: (scope: string) => RingPolicy;
}

/** Said where there is a choice. */
export function algorithmsOf(scope: string): Pick<ScopeStatus, 'algorithms'> {
  const algorithms = policyOf(scope).algorithms as readonly AlgorithmName[];
  return algorithms.length > 1 ? { algorithms: [...algorithms] } : {};
}

export function activeKnownBy(keys: readonly KeyRow[], { now, goesBy }: RingTerms): Date | null {
  const active = keys.find(({ state }) => state === 'active');
  return active === undefined ? null : knownBy(active, now, goesBy(active.scope));
}

export const keyStatus = (key: KeyRow, { now, goesBy }: RingTerms): KeyStatus => {
  const { scope, keyId, state, algorithm, stateSince, rotateBy, verifiesUntil, tokensUntil } = key;
  return {
    ...{ key_id: keyId, state, algorithm },
    since: stateSince.toISOString(),
    age_seconds: secondsBetween(stateSince, now),
    // One that members prove may sign once they have.
    ...(state === 'staged' && policyOf(scope).newKey !== 'is_proven_first'
      ? { propagated_at: propagatedAt(key, goesBy(scope)).toISOString() }
      : {}),
    ...(state === 'staged' && rotateBy !== null ? { rotate_by: rotateBy.toISOString() } : {}),
    ...(verifiesUntil !== null && BESIDE.has(state) ? { verifies_until: verifiesUntil.toISOString() } : {}),
    ...(tokensUntil !== null && BESIDE.has(state) ? { tokens_until: tokensUntil.toISOString() } : {}),
    ...foreignView(key),
  };
};

/** The states of the key beside the one that signs. */
const BESIDE: ReadonlySet<string> = new Set(['staged', 'retiring']);

export function openTransition(
  transition: TransitionEntity,
  keys: readonly KeyRow[],
  { now, goesBy, channels }: RingTerms & { channels: ReadonlyMap<string, ChannelFacts> },
  policy: Policy & ChannelSettings,
): OpenTransitionView {
  const { scope, oldKeyId, activatedAt, closesAt, switchedAt } = transition;
  const old = keys.find(({ keyId }) => keyId === oldKeyId);
  const over = old && tokensOverAt(old, policy);
  const closing = { close: goesBy(scope).close, clockSkewMs: policy.clockSkewMs };
  return {
    ...rotationView(transition),
    seconds_left: secondsBetween(now, closesAt),
    switched_at: switchedAt?.toISOString() ?? null,
    safe_close_at: safeToClose(transition, channels.get(scope), goesBy(scope), policy)?.toISOString() ?? null,
    closes_itself_at: (old && activatedAt && closesItselfAt(transition, old, closing))?.toISOString() ?? null,
    ...(over === undefined ? {} : { outstanding_until: over?.toISOString() ?? null }),
  };
}

/** Of a channel's ring its members say it. */
const safeToClose = (
  transition: TransitionEntity,
  channel: ChannelFacts | undefined,
  goesBy: RingPolicy,
  policy: Policy & ChannelSettings,
): Date | null =>
  channel === undefined
    ? safeCloseAt(transition, policy, policyOf(transition.scope))
    : oldKeyUnusedFrom(channel, { ...policy, ...goesBy });
