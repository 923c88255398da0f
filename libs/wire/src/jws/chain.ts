/**
 * Walks from the last statement that a verifier has taken to the present one, over those that it slept through. Each
 * must continue the one before, by the key that was active after it. The walk proves descent only: that nothing came
 * after, the bundle says.
 */
import { publicKeyFromText } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { JwsError } from './jws-error';
import { readStatement, statementHash, verifyStatement, type Statement } from './statement';

export interface ChainAnchor {
  /** Newest trusted first; the active one among them. */
  keys: TrustedKey[];
  /** The one key that may say what follows: no staged key may, and no retiring one, which may have leaked. */
  activeKeyId: string;
  /** Of the last statement taken. */
  statementHash: string;
  /** A number for progress. What follows what, the hashes say. */
  epoch: number;
  /** Of the latest bundle that was taken for this very statement; undefined until there is one. */
  issuedAt?: Date;
}

/**
 * Statements oldest first; those up to the anchor's own are passed over. With none left the anchor comes back as it is.
 * Throws JwsError: `broken_chain` where one does not continue the one before, else what verifyStatement throws.
 */
export async function walkChain(statements: readonly string[], anchor: ChainAnchor): Promise<ChainAnchor> {
  const links = statements.map((text) => ({ text, statement: readStatement(text), hash: statementHash(text) }));
  if (new Set(links.map(({ statement }) => statement.scope)).size > 1) throw new JwsError('broken_chain');
  const taken = links.findLastIndex(({ hash }) => hash === anchor.statementHash);
  let present = anchor;
  let before: number | undefined;
  for (const { text, statement, hash } of links.slice(taken + 1)) {
    const authority = linkTo(present, statement);
    if (before !== undefined && statement.epoch <= before) throw new JwsError('broken_chain');
    await verifyStatement(text, authority.publicKey);
    present = afterStatement(statement, authority, hash);
    before = statement.epoch;
  }
  return present;
}

/** For someone who reads the anchor only: it is never without its active key. */
export function activeKeyOf(anchor: ChainAnchor): TrustedKey {
  const active = anchor.keys.find(({ keyId }) => keyId === anchor.activeKeyId);
  if (active === undefined) throw new JwsError('unknown_key');
  return active;
}

/**
 * The active key, if the statement names it and follows the anchor's. Not by the anchor's epoch: that number may be wrong,
 * and must not keep a true statement out.
 */
function linkTo(anchor: ChainAnchor, statement: Statement): TrustedKey {
  const authority = activeKeyOf(anchor);
  const continues = statement.previous === anchor.statementHash && statement.old_key_id === authority.keyId;
  if (!continues) throw new JwsError('broken_chain');
  return authority;
}

/** A statement fixes all that is trusted after it: the new key, and the old one until the transition expires. */
function afterStatement(statement: Statement, authority: TrustedKey, hash: string): ChainAnchor {
  if (statement.transition_expires === null) throw new JwsError('broken_chain');
  const { new_key_id: keyId, new_public_key, transition_expires, epoch } = statement;
  return {
    keys: [
      { keyId, publicKey: publicKeyFromText(new_public_key) },
      { ...authority, notAfter: new Date(transition_expires) },
    ],
    activeKeyId: keyId,
    statementHash: hash,
    epoch,
  };
}
