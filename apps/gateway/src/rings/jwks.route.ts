import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { RawRoute } from '../door/raw-route';
import { KeySets, type KeptKeySet } from './key-sets';
import { scopeNamed } from './scope-named';

/** `GET /v1/scopes/{scope}/jwks.json`, for any verifier with a JOSE library. */
@Injectable()
export class JwksRoute implements RawRoute {
  readonly name = 'jwks';
  readonly path = /^\/v1\/scopes\/([^/]+)\/jwks\.json$/;
  readonly methods = ['GET', 'HEAD'];

  constructor(private readonly keySets: KeySets) {}

  answer(request: IncomingMessage, response: ServerResponse, scope: string): Promise<void> | undefined {
    const keySet = this.keySets.of(scopeNamed(scope));
    if (keySet instanceof Promise) return keySet.then((read) => this.show(read, request, response));
    this.show(keySet, request, response);
    return undefined;
  }

  private show({ text, length, etag, maxAgeMs }: KeptKeySet, request: IncomingMessage, response: ServerResponse): void {
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
}

/** RFC 9110, section 13.1.2: by the weak comparison. */
const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);
