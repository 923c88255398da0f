import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Scope } from '@plexsphere/wire';
import { KeySets, type KeptKeySet } from '../rings/key-sets';
import { showKeySet } from '../rings/show-key-set';
import { IssuerNames } from './issuer-names';
import type { IssuerDoor } from './issuer-route';

/** An issuer's key set, where its metadata says that it is. */
@Injectable()
export class IssuerJwks implements IssuerDoor {
  readonly names = ['rootJwks', 'issuerJwks'] as const;

  constructor(
    private readonly issuers: IssuerNames,
    private readonly keySets: KeySets,
  ) {}

  answer(request: IncomingMessage, response: ServerResponse, slug: string): Promise<void> | undefined {
    const scope = this.issuers.scopeNamed(slug);
    const keySet = typeof scope === 'string' ? this.keySets.of(scope) : this.keySetOf(scope);
    if (keySet instanceof Promise) return keySet.then((read) => showKeySet(read, request, response));
    showKeySet(keySet, request, response);
    return undefined;
  }

  private async keySetOf(scope: Promise<Scope>): Promise<KeptKeySet> {
    return this.keySets.of(await scope);
  }
}
