/**
 * Whether a statement may follow what a verifier holds, and what is held after it: pure, and no signature is looked at.
 * Whoever makes a statement, commits one or takes one asks here.
 */
import { ALGORITHMS } from '../algorithms';
import type { TrustedKey } from '../envelope';
import type { Scope } from '../scope';
import { isKey, type ChainAnchor } from './anchor';
import { JwsError } from './jws-error';
import { algorithmOf, newKeyHash, statedKey, type Statement } from './statement';
import { authoritiesFor, commitsAhead, rulesOf, type Authority, type KeyRole } from './statement-types';

/**
 * `isNewKeySigned`: whether `new` has signed, or is to sign, beside the authority, since it comes in by this statement.
 * Returns whose key may vouch for it. Throws JwsError where it may not follow.
 */
export function requireFollows(
  scope: Scope,
  anchor: ChainAnchor,
  statement: Statement,
  isNewKeySigned: boolean,
): readonly Authority[] {
  if (statement.scope !== scope) throw new JwsError('wrong_scope');
  if (statement.previous !== anchor.statementHash) {
    throw new JwsError(statement.epoch > anchor.headEpoch ? 'gap' : 'fork');
  }
  if (statement.epoch <= anchor.headEpoch) throw new JwsError('epoch_back');
  const role = newKeyRole(anchor, statement, isNewKeySigned);
  requireNext(anchor, statement, role);
  const authorities = authoritiesFor(statement.type, scope);
  // A key that this verifier dropped comes back on the superior's word alone: else the active key could bring in any.
  return role === 'absent' ? authorities.filter((authority) => authority === 'superior') : authorities;
}

/** What `new` is in the ring, where both keys are what the type says. */
function newKeyRole(anchor: ChainAnchor, statement: Statement, isNewKeySigned: boolean): KeyRole {
  const { keys, authority } = rulesOf(statement.type);
  const old = roleOf(anchor, statement, 'old');
  const held = roleOf(anchor, statement, 'new');
  if (isNewKeySigned && held !== 'absent') throw new JwsError('signature_too_many');
  const fresh = isNewKeySigned ? 'fresh' : held;
  if (keys.some((role) => role.old === old && role.new === fresh)) return fresh;
  if (authority === 'active' && old !== 'active' && fresh !== 'active') throw new JwsError('foreign_authority');
  const lacksSignature = fresh === 'absent' && keys.some((role) => role.old === old && role.new === 'fresh');
  throw new JwsError(lacksSignature ? 'signature_missing' : 'revoked');
}

/** Two algorithms may have keys of the same numbers: such a key is held under the one that it came in by. */
function roleOf(anchor: ChainAnchor, statement: Statement, which: 'old' | 'new'): KeyRole {
  const keyId = statement[`${which}_key_id`];
  const algorithm = ALGORITHMS[algorithmOf(statement, which)];
  const isThat = (key: TrustedKey): boolean =>
    isKey(key, keyId, statement[`${which}_public_key`]) && key.publicKey.algorithm === algorithm;
  if (!anchor.keys.some(isThat)) return 'absent';
  if (keyId === anchor.activeKeyId) return 'active';
  return keyId === anchor.stagedKeyId ? 'staged' : 'retiring';
}

/** Who steals the active key alone cannot name its successor: that one's hash was there before it. */
function requireNext(anchor: ChainAnchor, statement: Statement, role: KeyRole): void {
  const { type, next } = statement;
  const rule = rulesOf(type).next;
  const isCommitted = rule === 'committed' && role === 'fresh';
  const isMadeAnew = isCommitted || rule === 'made_anew';
  // A ring that commits goes on to, and one that does not never begins: the kind of ring decides it, not a statement.
  if ((anchor.next === null) !== (next === null)) throw new JwsError('next_not_kept');
  if (anchor.next !== null && (next === anchor.next) === isMadeAnew) throw new JwsError('next_not_kept');
  if (isCommitted && anchor.next !== null && newKeyHash(statement) !== anchor.next) {
    throw new JwsError('next_not_kept');
  }
}

/**
 * What is held after a statement that `authority` vouched for: in a mesh the whole of it stands there, but for what leaves
 * the keys as `before` has them. In other rings it leaves those alone that it does not name, until they end by themselves.
 */
export function anchorAfter(
  statement: Statement,
  hash: string,
  authority: Authority,
  before?: ChainAnchor,
): ChainAnchor {
  const { type, next, epoch, opened_at } = statement;
  const { active, beside, stages } = rulesOf(type);
  const superiorEpoch = authority === 'superior' || before === undefined ? epoch : before.superiorEpoch;
  const head = { next, statementHash: hash, headEpoch: epoch, superiorEpoch, epoch, openedAt: new Date(opened_at) };
  if (active === 'unchanged' || beside === 'unchanged') {
    if (before === undefined) throw new JwsError('gap');
    return { ...before, ...head };
  }
  const signing = keyNamed(statement, active);
  const keys = [signing];
  if (beside !== 'nobody') {
    keys.push({ ...keyNamed(statement, beside), notAfter: new Date(statement.transition_expires ?? NaN) });
  }
  const left = unnamed(statement, before);
  keys.push(...left);
  const stagedBefore = left.find(({ keyId }) => keyId === before?.stagedKeyId)?.keyId ?? null;
  return {
    keys,
    activeKeyId: signing.keyId,
    stagedKeyId: stages ? statement.new_key_id : stagedBefore,
    ...head,
    ...(before?.issuedAt !== undefined && { issuedAt: before.issuedAt }),
  };
}

/** Keys that a statement leaves as they are. A Node of a mesh has room for the two that it names. */
function unnamed({ scope, opened_at, old_key_id, new_key_id }: Statement, before?: ChainAnchor): TrustedKey[] {
  if (before === undefined || commitsAhead(scope)) return [];
  const isOver = ({ notAfter }: TrustedKey): boolean => notAfter !== undefined && notAfter <= new Date(opened_at);
  return before.keys.filter((key) => key.keyId !== old_key_id && key.keyId !== new_key_id && !isOver(key));
}

/** The key that signs after a statement; undefined where it does not say. */
export function activeAfter(statement: Statement): TrustedKey | undefined {
  const { active } = rulesOf(statement.type);
  return active === 'unchanged' ? undefined : keyNamed(statement, active);
}

const keyNamed = (statement: Statement, which: 'old' | 'new'): TrustedKey => ({
  keyId: statement[`${which}_key_id`] ?? '',
  publicKey: statedKey(statement, which),
});
