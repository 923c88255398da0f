import { isClientId } from '@plexsphere/wire';
import { decoded, type Form } from './form';
import { invalidRequest, notThisClient } from './oauth-error';

/** RFC 7523, section 2.2. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** RFC 7617. As long as the names and the secrets that we know, in form encoding. */
const BASIC = /^Basic ([A-Za-z0-9+/=]{1,2048})$/i;

/** How a client says who it is: before anything of it is believed. */
export type ClientProof =
  | { by: 'client_secret_basic' | 'client_secret_post'; clientId: string; secret: string }
  /** `clientId` where the form names one: it has to be the one that the assertion speaks for. */
  | { by: 'private_key_jwt'; clientId: string | undefined; assertion: string };

/** As metadata names them (RFC 8414). */
export const PROOFS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

/**
 * @throws OAuthError invalid_request where a client shows two things, or half of one; invalid_client where it shows none, or
 * something that none of ours has
 */
export function proofOf(authorization: string | undefined, form: Form): ClientProof {
  const { client_id: named, client_secret: secret, client_assertion: assertion } = form;
  const shown = [authorization, secret, assertion ?? form.client_assertion_type].filter((each) => each !== undefined);
  if (shown.length > 1) throw invalidRequest('the client authenticates in more than one way');
  if (authorization !== undefined) return sameAsNamed(basic(authorization), named);
  if (secret !== undefined) return { by: 'client_secret_post', clientId: idOf(named), secret };
  if (assertion === undefined) throw notThisClient();
  if (form.client_assertion_type !== ASSERTION_TYPE) throw invalidRequest('client_assertion_type is not known here');
  return { by: 'private_key_jwt', clientId: named === undefined ? undefined : idOf(named), assertion };
}

/** RFC 6749, section 2.3.1: both halves are in form encoding before they are joined, so that each may have a colon. */
function basic(authorization: string): ClientProof {
  const text = Buffer.from(BASIC.exec(authorization)?.[1] ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw notThisClient();
  const [clientId, secret] = [text.slice(0, colon), text.slice(colon + 1)].map(decoded);
  return { by: 'client_secret_basic', clientId: idOf(clientId), secret: secret ?? '' };
}

function sameAsNamed(proof: ClientProof, named: string | undefined): ClientProof {
  if (named !== undefined && named !== proof.clientId) throw invalidRequest('client_id names another client');
  return proof;
}

function idOf(text: string | undefined): string {
  if (!isClientId(text)) throw notThisClient();
  return text;
}
