import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, ROUTES, type TrustedKey } from '@plexsphere/wire';
import { PROOFS } from './client-proof';
import { GRANT_TYPE } from './granted-token';
import { KeySets } from '../rings/key-sets';
import { IssuerNames } from '../issuers/issuer-names';
import type { IssuerDoor } from '../issuers/issuer-route';

/** Where somebody calls once, when it starts; a change of what stands there is an operator's, and rare. */
const CACHE_CONTROL = 'public, max-age=60';

/** Where an issuer is called, and how: one document for RFC 8414 and for those who look where OpenID Connect has it. */
@Injectable()
export class IssuerMetadata implements IssuerDoor {
  readonly names = [
    'rootMetadata',
    'issuerMetadata',
    'insertedMetadata',
    'rootOpenidConfiguration',
    'issuerOpenidConfiguration',
  ] as const;

  constructor(
    private readonly issuers: IssuerNames,
    private readonly keySets: KeySets,
  ) {}

  async answer(_: IncomingMessage, response: ServerResponse, slug: string): Promise<void> {
    const { scope, url } = await this.issuers.shown(slug);
    const { keys } = await this.keySets.verifying(scope);
    const text = JSON.stringify(metadata(url, keys));
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': CACHE_CONTROL,
      'access-control-allow-origin': '*',
    };
    response.writeHead(200, headers).end(text);
  }
}

/** By the issuer's name alone: what a caller says of the host is not believed. */
function metadata(issuer: string, keys: readonly TrustedKey[]): object {
  const assertions = [...new Set(PUBLIC_ALGORITHM_NAMES.map((name) => ALGORITHMS[name].alg))];
  return {
    issuer,
    token_endpoint: issuer + ROUTES.rootToken.path,
    introspection_endpoint: issuer + ROUTES.rootIntrospect.path,
    jwks_uri: issuer + ROUTES.rootJwks.path,
    grant_types_supported: [GRANT_TYPE],
    token_endpoint_auth_methods_supported: PROOFS,
    token_endpoint_auth_signing_alg_values_supported: assertions,
    introspection_endpoint_auth_methods_supported: PROOFS,
    introspection_endpoint_auth_signing_alg_values_supported: assertions,
    // These three nobody gets here; parsers want them all the same (RFC 8414, section 2; OpenID Connect Discovery, section 3).
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ publicKey }) => publicKey.algorithm.alg))],
  };
}
