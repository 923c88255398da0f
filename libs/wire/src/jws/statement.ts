/** A statement: how a ring came to hold what it holds. What it says; who signed it: statement-signatures.ts. */
import { hash } from 'node:crypto';
import {
  MESH_ALGORITHM,
  isAlgorithmName,
  publicKeyFromText,
  readPublicKey,
  type AlgorithmName,
  type PublicKey,
} from '../algorithms';
import { PLATFORM, type Scope } from '../scope';
import { parseRfc3339 } from '../rfc3339';
import type { JsonObject } from './encoding';
import { JwsError } from './jws-error';
import { epochMember, hashMember, keyIdMember, nullMember, scopeMember, timeMember } from './members';
import { commitsAhead, isByPlatform, isStatementType, rulesOf, type StatementType } from './statement-types';

/**
 * Signed in this order of members. Which of them are null, the type says (STATEMENT_TYPES). An algorithm is named where it is
 * not the mesh's and stands nowhere else: a statement of a mesh is what it was before there were others.
 */
export interface Statement {
  type: StatementType;
  scope: Scope;
  epoch: number;
  /** Of the platform's ring, where its key vouches for this one: at that epoch it was the active one. */
  authority_epoch: number | null;
  old_key_id: string | null;
  old_public_key: string | null;
  old_algorithm?: AlgorithmName;
  new_key_id: string;
  new_public_key: string;
  new_algorithm?: AlgorithmName;
  opened_at: string;
  closes_at: string | null;
  /** Until when a verifier that hears nothing more takes the key that does not sign. */
  transition_expires: string | null;
  /** keyHash of the key ahead: the only one that may come in next by the ring's own authority. */
  next: string | null;
  /** statementHash of the scope's statement before this one. */
  previous: string | null;
}

/** base64url(SHA-256(raw public key)), of a public key as text: what `next` holds. */
export const keyHash = (publicKey: string): string => hash('sha256', Buffer.from(publicKey, 'base64'), 'base64url');

/** Only the members that we know, in the order in which they are signed. Throws JwsError `malformed`. */
export function statementOf(payload: JsonObject): Statement {
  const { type, scope: named } = payload;
  if (!isStatementType(type)) throw new JwsError('malformed');
  const { keys, closes, expires } = rulesOf(type);
  const scope = scopeMember(named);
  const isFirst = keys.some(({ old }) => old === null);
  const stated = { old: isFirst ? null : publicKeyIn(payload, 'old', scope), new: publicKeyIn(payload, 'new', scope) };
  const statement: Statement = {
    type,
    scope,
    epoch: epochMember(payload['epoch']),
    authority_epoch: (isByPlatform(type, scope) ? epochMember : nullMember)(payload['authority_epoch']),
    old_key_id: (isFirst ? nullMember : keyIdMember)(payload['old_key_id']),
    old_public_key: stated.old === null ? nullMember(payload['old_public_key']) : stated.old.text,
    ...algorithmIn(payload, 'old'),
    new_key_id: keyIdMember(payload['new_key_id']),
    new_public_key: stated.new.text,
    ...algorithmIn(payload, 'new'),
    opened_at: timeMember(payload['opened_at']),
    closes_at: (closes ? timeMember : nullMember)(payload['closes_at']),
    transition_expires: (expires ? timeMember : nullMember)(payload['transition_expires']),
    next: (commitsAhead(scope) ? hashMember : nullMember)(payload['next']),
    previous: (isFirst ? nullMember : hashMember)(payload['previous']),
  };
  statedKeys.set(statement, stated);
  if (!namesItsKeys(statement) || !timesRise(statement)) throw new JwsError('malformed');
  return statement;
}

type Which = 'old' | 'new';

/** Of each statement that was read, so that a key which verifies what follows is read and loaded once. */
const statedKeys = new WeakMap<Statement, { old: PublicKey | null; new: PublicKey; newHash?: string }>();

/** The key that a statement names. Throws Problem where it names none: there is no old one before the first. */
export function statedKey(statement: Statement, which: Which): PublicKey {
  const text = statement[`${which}_public_key`];
  const known = statedKeys.get(statement)?.[which];
  return known?.text === text ? known : publicKeyFromText(text, algorithmOf(statement, which));
}

/** keyHash of the key that comes in or stays, made once. */
export function newKeyHash(statement: Statement): string {
  const known = statedKeys.get(statement);
  if (known?.new.text !== statement.new_public_key) return keyHash(statement.new_public_key);
  return (known.newHash ??= keyHash(known.new.text));
}

/** Of either. */
export const algorithmOf = (
  statement: Pick<Statement, 'old_algorithm' | 'new_algorithm'>,
  which: Which,
): AlgorithmName => statement[`${which}_algorithm`] ?? MESH_ALGORITHM;

/** As it stands in a statement; of no key at all nothing does. */
export const statedAlgorithm = (which: Which, algorithm: AlgorithmName | null): Partial<Statement> =>
  algorithm === null || algorithm === MESH_ALGORITHM ? {} : { [`${which}_algorithm`]: algorithm };

function algorithmIn(payload: JsonObject, which: Which): Partial<Statement> {
  const algorithm = payload[`${which}_algorithm`];
  if (algorithm === undefined) return {};
  const isOther = isAlgorithmName(algorithm) && algorithm !== MESH_ALGORITHM;
  if (!isOther || payload[`${which}_key_id`] === null) throw new JwsError('malformed');
  return { [`${which}_algorithm`]: algorithm };
}

/** Nodes know one algorithm, so a ring of a mesh has keys of no other. */
function publicKeyIn(payload: JsonObject, which: Which, scope: Scope): PublicKey {
  const algorithm = algorithmOf(algorithmIn(payload, which), which);
  if (commitsAhead(scope) && algorithm !== MESH_ALGORITHM) throw new JwsError('malformed');
  const key = readPublicKey(payload[`${which}_public_key`], algorithm);
  if (key === undefined) throw new JwsError('malformed');
  return key;
}

/**
 * Two keys under two names, or one under one; and the key ahead is none of them. Only `platform` has recovery keys, and no
 * ring of a mesh a foreign one.
 */
function namesItsKeys(statement: Statement): boolean {
  const { type, scope, old_key_id, old_public_key, new_key_id, new_public_key, next } = statement;
  if (type === 'recovery' && scope !== PLATFORM) return false;
  if (type === 'import' && commitsAhead(scope)) return false;
  const isOne = rulesOf(type).keys.every((role) => role.old === role.new);
  if (next === newKeyHash(statement)) return false;
  return (old_key_id === new_key_id) === isOne && (old_public_key === new_public_key) === isOne;
}

/** Nobody may be made to drop the old key before the window that was promised to it is over. */
function timesRise({ opened_at, closes_at, transition_expires }: Statement): boolean {
  if (transition_expires === null) return true;
  const [opened, closes, expires] = [opened_at, closes_at ?? transition_expires, transition_expires].map(
    (time) => parseRfc3339(time)?.ms ?? NaN,
  );
  return Number(closes) > Number(opened) && Number(expires) >= Number(closes);
}
