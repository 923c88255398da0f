/**
 * Of an answer that gives the Node a token: what it holds from then on, once everything of it is right. A gateway that lies
 * must not have the host replace what works: the token has to be by the account that the Node's tokens have been by since it
 * was enrolled, for the very key, and newer than the one that is held.
 */
import { decodeBusPublicKey, isCount, isTime, publicKeyFromText } from '@plexsphere/wire';
import { EdgeError } from '../edge-error';
import { credsOf, type Creds } from '../folder/creds';
import { isText, type JsonObject } from '../folder/json';

export interface Expected {
  nodeId: string;
  /** Of the key that the token is to be for. Secret. */
  seed: string;
  /** Undefined at an enrolment. */
  generation: number | undefined;
  /** nkey, `A…`; undefined at an enrolment. */
  account: string | undefined;
  /** Seconds since 1970, of the token that is held for the same key. */
  newerThan?: number;
}

/** @throws EdgeError `answer_malformed`, which names the member */
export function heldOf(reply: JsonObject, { nodeId, seed, account, newerThan, ...expected }: Expected): Creds {
  const { node_id, generation, token, rotate_after: rotateAfter } = reply;
  if (node_id !== nodeId) throw malformed('node_id');
  if (!isCount(generation) || (expected.generation ?? generation) !== generation) throw malformed('generation');
  if (!isTime(rotateAfter)) throw malformed('rotate_after');
  if (!isText(token)) throw malformed('token');
  const creds = readToken({ token, seed, generation, rotateAfter });
  const { claims } = creds;
  if (account !== undefined && claims.account !== account) throw malformed('token');
  if (newerThan !== undefined && claims.issuedAt <= newerThan) throw malformed('token');
  if (!isSigned(token, claims.account)) throw malformed('token');
  return creds;
}

function readToken(said: Parameters<typeof credsOf>[0]): Creds {
  try {
    return credsOf(said, 'token');
  } catch (error) {
    if (error instanceof EdgeError) throw malformed('token');
    throw error;
  }
}

function isSigned(token: string, account: string): boolean {
  const raw = decodeBusPublicKey('account', account);
  const end = token.lastIndexOf('.');
  if (raw === undefined) return false;
  const accountKey = publicKeyFromText(raw.toString('base64'));
  return accountKey.verify(Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), 'base64url'));
}

const malformed = (member: string): EdgeError => new EdgeError('answer_malformed', member);
