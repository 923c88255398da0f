import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeptKeySet } from './key-sets';

export function showKeySet(
  { text, length, etag, maxAgeMs }: KeptKeySet,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const cacheControl = `public, max-age=${Math.floor(maxAgeMs / 1_000)}`;
  // A verifier in a browser is a verifier, too, and there is nothing here that is not everybody's.
  const origin = '*';
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304, { etag, 'cache-control': cacheControl, 'access-control-allow-origin': origin }).end();
    return;
  }
  // Written out: put together from two objects, these few headers take a third of the time of the whole answer.
  const headers = {
    etag,
    'cache-control': cacheControl,
    'access-control-allow-origin': origin,
    'content-type': 'application/jwk-set+json',
    'content-length': length,
  };
  response.writeHead(200, headers).end(text);
}

/** RFC 9110, section 13.1.2: by the weak comparison. */
const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);
