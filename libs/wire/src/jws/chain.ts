/**
 * Takes statements one after the other, each as the one before allows: by the key that is active then, or by the ring's
 * superior. That proves descent only: that nothing came after, a bundle says.
 */
import type { Scope } from '../scope';
import { activeKeyOf, type ChainAnchor } from './anchor';
import { anchorAfter, requireFollows } from './follow';
import { JwsError } from './jws-error';
import type { Statement } from './statement';
import type { Authority } from './statement-types';
import { readLink, verifyLink, type Link, type Voucher } from './statement-signatures';

/** The superior's key for a statement: of a ring but the platform's the one that was active at its authority_epoch. */
export type SuperiorFor = (statement: Statement) => Voucher | undefined;

/** Of a ring's first statement. Throws JwsError. */
export function startChain(text: string, superior: Voucher): ChainAnchor {
  const link = readLink(text);
  if (link.statement.previous !== null) throw new JwsError('gap');
  verifyLink(link, superior);
  return anchorAfter(link.statement, link.hash, 'superior');
}

/** Statements oldest first, none of which was taken yet. Throws JwsError. */
export function walkChain(
  scope: Scope,
  statements: readonly string[],
  anchor: ChainAnchor,
  superiorFor: SuperiorFor,
): ChainAnchor {
  return statements.map(readLink).reduce((before, link) => takeLink(scope, before, link, superiorFor), anchor);
}

export function takeLink(scope: Scope, anchor: ChainAnchor, link: Link, superiorFor: SuperiorFor): ChainAnchor {
  const { statement, possession, hash } = link;
  const authorities = requireFollows(scope, anchor, statement, possession !== undefined);
  const voucherOf = (each: Authority): Voucher | undefined =>
    each === 'active' ? activeKeyOf(anchor) : superiorFor(statement);
  return anchorAfter(statement, hash, authorityOf(link, authorities, voucherOf), anchor);
}

/** Which of them vouched for it. Throws what the last one was refused for. */
function authorityOf(
  link: Link,
  authorities: readonly Authority[],
  voucherOf: (authority: Authority) => Voucher | undefined,
): Authority {
  let refusal: unknown;
  for (const authority of authorities) {
    const voucher = voucherOf(authority);
    if (voucher === undefined) continue;
    try {
      verifyLink(link, voucher);
      return authority;
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal ?? new JwsError('foreign_authority');
}
