/**
 * A chain message: how a Node that slept comes back, and how it hears of a close. The statements prove that today's keys
 * descend from those it trusts; the bundle, fresh and by the platform's active key, proves that nothing came after, and
 * which outgoing key is gone.
 */
import { CHAIN_STATEMENTS, PLATFORM } from '@plexsphere/wire';
import {
  activeKeyOf,
  isSameKey,
  readStatement,
  statementHash,
  trustedKeyOf,
  verifyBundle,
  walkChain,
  type ChainAnchor,
  type TrustAnchor,
  type TrustBundle,
} from '@plexsphere/wire/jws';
import { areTexts } from './json-members';
import { KeyChangeError, refusing, type KeyChange } from './key-change';
import { objectIn } from './key-payload';
import { withPlatform, withRing, type TrustState } from './trust-state';

/** Where the parts of a chain have led so far. In memory alone, and good for the next part and for nothing else. */
export type Walked = Pick<TrustState, 'platform' | 'ring'>;

export type ChainOutcome = KeyChange | { kind: 'part'; walked: Walked };

/** A message of the bus is no larger; looked at before it is parsed. */
const MAX_CHAIN_LENGTH = 1_048_576;

/** `from`: where the part before this one led; what the Node holds where this is the first. */
export const takeChain = (state: TrustState, text: string, now: Date, from: Walked = state): Promise<ChainOutcome> =>
  refusing<ChainOutcome>(async () => {
    const { platformStatements, statements, bundle } = chainOf(text, state.scope);
    const platform = walk(platformStatements, PLATFORM, from.platform);
    const ring = state.scope === PLATFORM ? platform : walk(statements, state.scope, from.ring);
    if (bundle === undefined) return { kind: 'part', walked: { platform, ring } };
    const confirmed = await verifyBundle(bundle, [activeKeyOf(platform)], now);
    return takeBundle(state, confirmed, { platform, ring });
  });

/** What a bundle changes beside the statements: which outgoing key is gone, and the epochs' numbers. */
function takeBundle(state: TrustState, bundle: TrustBundle, walked: Walked): KeyChange {
  if (bundle.scope !== state.scope) throw new KeyChangeError('wrong_scope');
  // It stays the enrolment's: one day it must be able to overrule the platform key that signed here.
  if (bundle.recovery_public_key !== state.recoveryPublicKey) throw new KeyChangeError('bundle_foreign');
  const issuedAt = new Date(bundle.issued_at);
  const platform = confirmed(bundle.platform, walked.platform, issuedAt);
  const ring = confirmed(bundle, walked.ring, issuedAt);
  const next = withRing(withPlatform(state, platform), ring);
  const isNews = !holdsAlready(state.platform, platform) || !holdsAlready(state.ring, ring);
  return { kind: isNews ? 'taken' : 'superseded', state: next };
}

/**
 * The head must be named, else a chain cut short would pass. Of the keys none comes in that no statement proves, so that
 * a platform key alone cannot put one into a Domain, nor a retired one come back; an outgoing one that is not named goes,
 * and one that stays ends when its statement says so. Of two bundles for one head the later one gives the epoch: so a
 * number that was wrong heals, and a bundle that is shown again sets nothing back.
 */
function confirmed(claimed: TrustAnchor, walked: ChainAnchor, issuedAt: Date): ChainAnchor {
  const named = claimed.keys.map(trustedKeyOf);
  const isNamed = (key: ChainAnchor['keys'][number]): boolean => named.some((other) => isSameKey(key, other));
  const isHead = claimed.statement_hash === walked.statementHash && claimed.active_key_id === walked.activeKeyId;
  if (!isHead || !isNamed(activeKeyOf(walked))) throw new KeyChangeError('bundle_foreign');
  const anchor = { ...walked, keys: walked.keys.filter(isNamed) };
  const isLater = walked.issuedAt === undefined || issuedAt > walked.issuedAt;
  return isLater ? { ...anchor, epoch: claimed.epoch, issuedAt } : anchor;
}

const holdsAlready = (held: ChainAnchor, next: ChainAnchor): boolean =>
  held.statementHash === next.statementHash && held.epoch === next.epoch && held.keys.length === next.keys.length;

interface ReadChain {
  platformStatements: string[];
  statements: string[];
  /** Undefined in a part that another one follows. */
  bundle: string | undefined;
}

function chainOf(text: string, scope: string): ReadChain {
  if (text.length > MAX_CHAIN_LENGTH) throw new KeyChangeError('malformed');
  const { platform_statements: platformStatements, statements, bundle, more } = objectIn(text);
  if (!areTexts(platformStatements) || !areTexts(statements)) throw new KeyChangeError('malformed');
  if (platformStatements.length + statements.length > CHAIN_STATEMENTS) throw new KeyChangeError('malformed');
  // One ring, one list: what stood in the other would be passed over unread.
  if (scope === PLATFORM && statements.length > 0) throw new KeyChangeError('malformed');
  if (more === true ? bundle !== undefined : more !== undefined || typeof bundle !== 'string') {
    throw new KeyChangeError('malformed');
  }
  return { platformStatements, statements, bundle: bundle as string | undefined };
}

function walk(statements: string[], scope: string, from: ChainAnchor): ChainAnchor {
  if (statements.some((text) => readStatement(text).scope !== scope)) throw new KeyChangeError('wrong_scope');
  const taken = statements.findLastIndex((text) => statementHash(text) === from.statementHash);
  return walkChain(scope, statements.slice(taken + 1), from, () => undefined);
}
