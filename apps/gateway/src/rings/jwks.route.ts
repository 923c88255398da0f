import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { RawRoute } from '../door/raw-route';
import { KeySets } from './key-sets';
import { scopeNamed } from './scope-named';
import { showKeySet } from './show-key-set';

/** `GET /v1/scopes/{scope}/jwks.json`, for any verifier with a JOSE library. */
@Injectable()
export class JwksRoute implements RawRoute {
  readonly name = 'jwks';
  readonly path = /^\/v1\/scopes\/([^/]+)\/jwks\.json$/;
  readonly methods = ['GET', 'HEAD'];

  constructor(private readonly keySets: KeySets) {}

  answer(request: IncomingMessage, response: ServerResponse, scope: string): Promise<void> | undefined {
    const keySet = this.keySets.of(scopeNamed(scope));
    if (keySet instanceof Promise) return keySet.then((read) => showKeySet(read, request, response));
    showKeySet(keySet, request, response);
    return undefined;
  }
}
