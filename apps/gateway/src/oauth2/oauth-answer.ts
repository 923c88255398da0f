import type { ServerResponse } from 'node:http';
import type { Problem } from '@plexsphere/wire';
import { RETRY_AFTER_S, refusalOf, refuse, type Refusal } from '../door/refuse';
import { OAuthError } from './oauth-error';

/** RFC 6749, section 5.1: what is said to one client at one moment is nobody else's. */
const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

export function answerOnce(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(200, { ...HEADERS, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** What is refused in OAuth's own words. @throws any other error */
export function refuseInOAuth(response: ServerResponse, error: unknown): void {
  if (!(error instanceof OAuthError)) throw error;
  // What is left of such a request is not read, however long it is.
  refuse(response, oauthRefusal(error), response.req.complete ? {} : { connection: 'close' });
}

/** What our own services refuse, in OAuth's words, where those have one: that no issuer is there stays as it is everywhere. */
export function refusalInOAuth(refused: Problem): Refusal {
  const told = toldAs(refused);
  return told === undefined ? refusalOf(refused) : oauthRefusal(told);
}

function toldAs({ code, body }: Problem): OAuthError | undefined {
  const retryAfter = typeof body['retry_after'] === 'number' ? body['retry_after'] : RETRY_AFTER_S;
  if (PASSING.has(code)) return new OAuthError('temporarily_unavailable', 'it will pass: come again', { retryAfter });
  if (code === 'RESOURCE_EXHAUSTED') return new OAuthError('slow_down', 'too much at a time', { retryAfter });
  return code === 'INTERNAL' ? new OAuthError('server_error', 'internal error') : undefined;
}

const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED']);

function oauthRefusal({ status, retryAfter, body }: OAuthError): Refusal {
  const text = JSON.stringify(body);
  const headers = {
    ...HEADERS,
    'content-length': String(Buffer.byteLength(text)),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    // RFC 6749, section 5.2; RFC 9110, section 15.5.2, wants one with every 401.
    ...(status === 401 && { 'www-authenticate': 'Basic realm="oauth2", charset="UTF-8"' }),
  };
  return { status, headers, text };
}
