/**
 * A statement as it is signed: by the authority that its type demands and, where a key comes in by it, by that key, which
 * so proves that it exists and consents. Each signature has its role and its place; neither stands for the other.
 */
import { hash } from 'node:crypto';
import { publicText, type PublicKey } from '../algorithms';
import { decodeBase64url, encodeObject, hasExactly, isObject, objectIn, parseObject } from './encoding';
import { JwsError } from './jws-error';
import {
  makeSignature,
  readSignature,
  verifySignature,
  type EncodedSignature,
  type JwsType,
  type Role,
  type Signature,
  type SigningKey,
} from './signature';
import { statedKey, statementOf, type Statement } from './statement';
import { authoritiesFor, rulesOf } from './statement-types';

const TYP: JwsType = 'plexsphere-statement+jws';
const ROLES: readonly Role[] = ['authority', 'possession'];

/** Half as much again as one of the longest key ids and RSA keys. Looked at before anything is parsed. */
const MAX_LENGTH = 8_192;

/** A statement that was read and not verified. */
export interface Link {
  text: string;
  statement: Statement;
  /** base64url(SHA-256(payload bytes)): what the next statement names as `previous`, and a bundle as its head. */
  hash: string;
  authority: Signature;
  /** Of the key that comes in; undefined where `new` was held before. */
  possession: Signature | undefined;
}

/**
 * General JWS as JSON text; `possession` is the key that comes in by it.
 * Throws JwsError rather than sign a statement that nobody would take.
 */
export async function signStatement(
  statement: Statement,
  authority: SigningKey,
  possession: SigningKey | null,
): Promise<string> {
  return joinStatement(
    statement,
    await statementSignature(statement, authority, 'authority'),
    possession === null ? null : await statementSignature(statement, possession, 'possession'),
  );
}

/** One of the two, for where the keys are on different machines. Throws JwsError as signStatement does. */
export function statementSignature(statement: Statement, key: SigningKey, role: Role): Promise<EncodedSignature> {
  const shape = statementOf({ ...statement });
  const publicKey = publicText(key.privateKey);
  if (role === 'authority') requireAuthority(shape, key.keyId, publicKey);
  else if (key.keyId !== shape.new_key_id || publicKey !== shape.new_public_key) throw new JwsError('unknown_key');
  return makeSignature(TYP, encodeObject(shape), key, role);
}

/** The whole. Each signature is of its role, and that of the key that comes in verifies. Throws JwsError. */
export function joinStatement(
  statement: Statement,
  authority: EncodedSignature,
  possession: EncodedSignature | null,
): string {
  const signatures = [authority, ...(possession === null ? [] : [possession])];
  const text = JSON.stringify({ signatures, payload: encodeObject(statementOf({ ...statement })) });
  const link = readLink(text);
  if (link.possession !== undefined) verifyPossession(link, link.possession);
  return text;
}

/** Each signature by its own key; `authorityKey` is whom its reader takes for the authority. Throws JwsError. */
export async function verifyStatement(text: string, authorityKey: PublicKey): Promise<Statement> {
  const link = readLink(text);
  verifyLink(link, { publicKey: authorityKey });
  return link.statement;
}

/** Without a name any key may be meant: what a recovery key is called, no verifier knows. */
export interface Voucher {
  keyId?: string;
  publicKey: PublicKey;
}

export function verifyLink(link: Link, { keyId, publicKey }: Voucher): void {
  const { statement, authority, possession } = link;
  if (keyId !== undefined && authority.keyId !== keyId) throw new JwsError('foreign_authority');
  requireAuthority(statement, authority.keyId, publicKey.text);
  verifySignature(authority, publicKey);
  if (possession !== undefined) verifyPossession(link, possession);
}

/** Unverified, but of the right shape. Throws JwsError. */
export const readStatement = (text: string): Statement => readLink(text).statement;

export const statementHash = (text: string): string => readLink(text).hash;

const verifyPossession = ({ statement }: Link, possession: Signature): void =>
  verifySignature(possession, statedKey(statement, 'new'));

/**
 * The ring's active key is the one that the statement names as such, and so is a recovery key that another follows. Any
 * other superior is none of the two: a key that is thrown out or comes back never vouches for itself.
 */
function requireAuthority(statement: Statement, keyId: string, publicKey: string): void {
  const { type, scope, old_key_id, old_public_key, new_key_id, new_public_key } = statement;
  const isOld = keyId === old_key_id && publicKey === old_public_key;
  const isNew = keyId === new_key_id && publicKey === new_public_key;
  const isNeither = publicKey !== old_public_key && publicKey !== new_public_key;
  const is = {
    active: rulesOf(type).keys.every((role) => role.new === 'active') ? isNew : isOld,
    superior: type === 'recovery' ? isOld : isNeither,
  };
  if (!authoritiesFor(type, scope).some((authority) => is[authority])) throw new JwsError('foreign_authority');
}

/** Throws JwsError. */
export function readLink(text: string): Link {
  if (text.length > MAX_LENGTH) throw new JwsError('malformed');
  const general = parseObject(text);
  const { payload, signatures } = general;
  if (!hasExactly(general, ['payload', 'signatures']) || typeof payload !== 'string' || !Array.isArray(signatures)) {
    throw new JwsError('malformed');
  }
  const bytes = decodeBase64url(payload);
  const statement = statementOf(objectIn(bytes));
  const [authority, possession] = inTheirPlaces(signatures.map((entry) => oneSignature(payload, entry)));
  const isFresh = rulesOf(statement.type).keys.map((role) => role.new === 'fresh');
  if (possession === undefined && !isFresh.includes(false)) throw new JwsError('signature_missing');
  if (possession !== undefined && !isFresh.includes(true)) throw new JwsError('signature_too_many');
  if (possession !== undefined && possession.keyId !== statement.new_key_id) throw new JwsError('malformed');
  return { text, statement, hash: hash('sha256', bytes, 'base64url'), authority, possession };
}

/** In the order in which they are made: each place has its role, so that there is one spelling only. */
function inTheirPlaces(signatures: Signature[]): [Signature, Signature | undefined] {
  const [first, second] = signatures;
  if (signatures.length > 2) throw new JwsError('signature_too_many');
  if (first === undefined) throw new JwsError('signature_missing');
  if (first.role === second?.role) throw new JwsError('signature_repeated');
  if (first.role !== 'authority') throw new JwsError(second === undefined ? 'signature_missing' : 'signature_swapped');
  return [first, second];
}

/** Exactly `protected` and `signature`: an unprotected header is nobody's word. */
function oneSignature(payload: string, entry: unknown): Signature {
  if (!isObject(entry) || !hasExactly(entry, ['protected', 'signature'])) throw new JwsError('malformed');
  return readSignature(TYP, payload, { protected: entry['protected'], signature: entry['signature'] }, ROLES);
}
