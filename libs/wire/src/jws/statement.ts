/**
 * A statement: how a scope's key came to follow the one before, signed by the authority for it (the old key; for the
 * first key the platform's or the recovery key) and by the new key, which so proves that it exists and consents. Two
 * signatures and two roles; neither stands for the other.
 */
import { createHash } from 'node:crypto';
import { publicKeyFromText, publicText, type PublicKey } from '../algorithms';
import type { Scope } from '../scope';
import { parseRfc3339 } from '../rfc3339';
import {
  decodeBase64url,
  decodeObject,
  encodeObject,
  hasExactly,
  isObject,
  parseObject,
  type JsonObject,
} from './encoding';
import { JwsError } from './jws-error';
import { epochMember, hashMember, keyIdMember, nullMember, publicKeyMember, scopeMember, timeMember } from './members';
import {
  makeSignature,
  readSignature,
  verifySignature,
  type JwsType,
  type Role,
  type Signature,
  type SigningKey,
} from './signature';

const TYP: JwsType = 'plexsphere-statement+jws';

/** Twice what one is with the longest key ids. Looked at before anything is parsed. */
const MAX_LENGTH = 4_096;

export interface Statement {
  type: 'create' | 'rotate';
  scope: Scope;
  epoch: number;
  /** Null on `create`, like every member that can be. */
  old_key_id: string | null;
  old_public_key: string | null;
  new_key_id: string;
  new_public_key: string;
  opened_at: string;
  closes_at: string | null;
  /** Until when a verifier that hears nothing more takes the old key: `closes_at` and the clock skew allowed. */
  transition_expires: string | null;
  /** statementHash of the scope's statement before this one. */
  previous: string | null;
}

/** General JWS as JSON text. Throws JwsError `malformed` rather than sign a statement that nobody would take. */
export async function signStatement(
  statement: Statement,
  authority: SigningKey,
  possession: SigningKey,
): Promise<string> {
  const shape = shapeOf({ ...statement });
  if (possession.keyId !== shape.new_key_id || publicText(possession.privateKey) !== shape.new_public_key) {
    throw new JwsError('unknown_key');
  }
  requireAuthority(shape, authority.keyId, publicText(authority.privateKey));
  const payload = encodeObject(shape);
  const signatures = [
    await makeSignature(TYP, payload, authority, 'authority'),
    await makeSignature(TYP, payload, possession, 'possession'),
  ];
  return JSON.stringify({ signatures, payload });
}

/** Each signature by its own key. Throws JwsError `malformed`, `wrong_type`, `unknown_key` or `signature_invalid`. */
export async function verifyStatement(text: string, authorityKey: PublicKey): Promise<Statement> {
  const { statement, authority, possession } = splitStatement(text);
  verifySignature(authority, authorityKey);
  verifySignature(possession, publicKeyFromText(statement.new_public_key));
  requireAuthority(statement, authority.keyId, authorityKey.text);
  return statement;
}

/** Unverified, but of the right shape. Throws JwsError `malformed` or `wrong_type`. */
export const readStatement = (text: string): Statement => splitStatement(text).statement;

/** base64url(SHA-256(payload bytes)): what the next statement names as `previous`, and a bundle as its head. */
export const statementHash = (text: string): string =>
  createHash('sha256')
    .update(decodeBase64url(splitStatement(text).payload))
    .digest('base64url');

/** A key that vouches for itself proves nothing; a rotation's authority is the old key that it names. */
function requireAuthority(statement: Statement, keyId: string, publicKey: string): void {
  const named = statement.type === 'create' || publicKey === statement.old_public_key;
  if (!named || publicKey === statement.new_public_key) throw new JwsError('unknown_key');
  if (statement.type === 'rotate' && keyId !== statement.old_key_id) throw new JwsError('unknown_key');
}

interface SplitStatement {
  statement: Statement;
  payload: string;
  authority: Signature;
  possession: Signature;
}

function splitStatement(text: string): SplitStatement {
  if (text.length > MAX_LENGTH) throw new JwsError('malformed');
  const general = parseObject(text);
  const { payload, signatures } = general;
  if (!hasExactly(general, ['payload', 'signatures']) || typeof payload !== 'string' || !Array.isArray(signatures)) {
    throw new JwsError('malformed');
  }
  if (signatures.length !== 2) throw new JwsError('malformed');
  // In the order in which they are made: each place has its role, so that there is one spelling only.
  const authority = oneSignature(payload, signatures[0], 'authority');
  const possession = oneSignature(payload, signatures[1], 'possession');
  const statement = shapeOf(decodeObject(payload));
  if (possession.keyId !== statement.new_key_id) throw new JwsError('malformed');
  return { statement, payload, authority, possession };
}

/** Exactly `protected` and `signature`: an unprotected header is nobody's word. */
function oneSignature(payload: string, entry: unknown, role: Role): Signature {
  if (!isObject(entry) || !hasExactly(entry, ['protected', 'signature'])) throw new JwsError('malformed');
  return readSignature(TYP, payload, { protected: entry['protected'], signature: entry['signature'] }, role);
}

/** Only the members that we know, in the order in which they are signed. */
function shapeOf(payload: JsonObject): Statement {
  const { type } = payload;
  if (type !== 'create' && type !== 'rotate') throw new JwsError('malformed');
  const first = type === 'create';
  const statement: Statement = {
    type,
    scope: scopeMember(payload['scope']),
    epoch: epochMember(payload['epoch']),
    old_key_id: (first ? nullMember : keyIdMember)(payload['old_key_id']),
    old_public_key: (first ? nullMember : publicKeyMember)(payload['old_public_key']),
    new_key_id: keyIdMember(payload['new_key_id']),
    new_public_key: publicKeyMember(payload['new_public_key']),
    opened_at: timeMember(payload['opened_at']),
    closes_at: (first ? nullMember : timeMember)(payload['closes_at']),
    transition_expires: (first ? nullMember : timeMember)(payload['transition_expires']),
    previous: (first ? nullMember : hashMember)(payload['previous']),
  };
  if (statement.new_key_id === statement.old_key_id || !timesRise(statement)) throw new JwsError('malformed');
  return statement;
}

/** Nobody may be made to drop the old key before the window that was promised to it is over. */
function timesRise({ opened_at, closes_at, transition_expires }: Statement): boolean {
  if (closes_at === null || transition_expires === null) return true;
  const [opened, closes, expires] = [opened_at, closes_at, transition_expires].map(
    (time) => parseRfc3339(time)?.ms ?? NaN,
  );
  return Number(closes) > Number(opened) && Number(expires) >= Number(closes);
}
