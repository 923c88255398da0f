/**
 * Walks from the last key that a verifier trusts to the present one, over the statements that it slept through. Each
 * must continue the one before. The walk proves descent only: that nothing came after, the bundle says.
 */
import type { TrustedKey } from '../envelope';
import { publicKeyFromRaw } from '../ed25519';
import { JwsError } from './jws-error';
import { readStatement, statementHash, verifyStatement, type Statement } from './statement';

export interface ChainAnchor {
  /** Newest trusted first. */
  keys: TrustedKey[];
  /** Of the last statement taken. */
  statementHash: string;
  epoch: number;
}

/**
 * Statements oldest first; with none, the anchor comes back as it is. Throws JwsError: `broken_chain` where one does
 * not continue the one before, else what verifyStatement throws.
 */
export async function walkChain(statements: readonly string[], anchor: ChainAnchor): Promise<ChainAnchor> {
  let present = anchor;
  let scope: string | undefined;
  for (const text of statements) {
    const statement = readStatement(text);
    if (scope !== undefined && statement.scope !== scope) throw new JwsError('broken_chain');
    const authority = linkTo(present, statement);
    await verifyStatement(text, authority.publicKey);
    present = afterStatement(statement, authority, statementHash(text));
    scope = statement.scope;
  }
  return present;
}

/**
 * The key of the anchor that had the authority for this statement. Its `notAfter` does not count: whoever slept past
 * it has nothing else to start from, and a bundle by the platform key has to confirm the end.
 */
export function linkTo(anchor: ChainAnchor, statement: Statement): TrustedKey {
  const authority = anchor.keys.find(({ keyId }) => keyId === statement.old_key_id);
  const continues = statement.previous === anchor.statementHash && statement.epoch > anchor.epoch;
  if (authority === undefined || !continues) throw new JwsError('broken_chain');
  return authority;
}

/** The new key leads; the old one verifies until the transition was to close. */
export const afterStatement = (statement: Statement, authority: TrustedKey, hash: string): ChainAnchor => ({
  keys: [
    { keyId: statement.new_key_id, publicKey: publicKeyFromRaw(statement.new_public_key) },
    { ...authority, notAfter: new Date(statement.closes_at ?? statement.opened_at) },
  ],
  statementHash: hash,
  epoch: statement.epoch,
});
