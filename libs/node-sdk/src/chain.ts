/**
 * A chain message: how a Node that slept comes back. The statements prove that today's keys descend from those it
 * trusts; the bundle, fresh and by a platform key, proves that nothing came after.
 */
import { PLATFORM, type Chain } from '@plexsphere/wire';
import { readStatement, verifyBundle, walkChain, type ChainAnchor, type TrustAnchor } from '@plexsphere/wire/jws';
import { KeyChangeError, refusing, type KeyChange } from './key-change';
import { isSameKey } from './key-events';
import { parse } from './key-payload';
import { anchorOf, trustedKeys, withPlatform, withRing, type TrustState } from './trust-state';

/** Never makes an anchor older; an anchor that the Node has already at the bundle's epoch stays as it is. */
export const takeChain = (state: TrustState, text: string, now: Date): Promise<KeyChange> =>
  refusing(async () => {
    const chain = chainOf(text, state.scope);
    const platform = await walk(chain.platform_statements, PLATFORM, state.platform);
    const ring = await walk(chain.statements, state.scope, state.ring);
    const bundle = await verifyBundle(chain.bundle, trustedKeys(platform, now), now);
    if (bundle.scope !== state.scope) throw new KeyChangeError('wrong_scope');
    const newPlatform = confirmed(bundle.platform, platform, state.platform);
    const newRing = confirmed(bundle, ring, state.ring);
    if (newPlatform === undefined && newRing === undefined) return { kind: 'superseded' };
    // The recovery key stays the enrolment's: one day it must be able to overrule the platform key that signed here.
    let next = state;
    if (newPlatform !== undefined) next = withPlatform(next, newPlatform);
    if (newRing !== undefined) next = withRing(next, newRing);
    return { kind: 'taken', state: next };
  });

function chainOf(text: string, scope: string): Chain {
  const { platform_statements, statements, bundle } = parse(text);
  if (!areTexts(platform_statements) || !areTexts(statements) || typeof bundle !== 'string') {
    throw new KeyChangeError('malformed');
  }
  if (scope !== PLATFORM) return { platform_statements, statements, bundle };
  // Both lists tell of the same ring: the relay may fill either.
  const same = platform_statements.length > 0 ? platform_statements : statements;
  return { platform_statements: same, statements: same, bundle };
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

/** Statements that the Node has taken since it asked are passed over; what is left must continue from where it is. */
async function walk(statements: string[], scope: string, from: ChainAnchor): Promise<ChainAnchor> {
  const read = statements.map((text) => ({ text, statement: readStatement(text) }));
  if (read.some(({ statement }) => statement.scope !== scope)) throw new KeyChangeError('wrong_scope');
  const newer = read.filter(({ statement }) => statement.epoch > from.epoch);
  return walkChain(
    newer.map(({ text }) => text),
    from,
  );
}

/** What the Node holds by this anchor of the bundle; undefined where it holds that already. */
function confirmed(claimed: TrustAnchor, walked: ChainAnchor, held: ChainAnchor): ChainAnchor | undefined {
  if (claimed.epoch < walked.epoch) throw new KeyChangeError('epoch_went_back');
  const anchor = anchorOf(claimed);
  // The head must be named, else a chain cut short would pass; and no key beside those that the statements prove, so
  // that a platform key alone cannot put one into a Domain, nor a retired one come back.
  const proven = anchor.keys.every((key) => walked.keys.some((other) => isSameKey(key, other)));
  if (anchor.statementHash !== walked.statementHash || !proven) throw new KeyChangeError('broken_chain');
  return claimed.epoch === held.epoch ? undefined : anchor;
}
