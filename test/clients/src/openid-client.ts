import * as client from 'openid-client';
import { jwksUri, type JwksClient, type Trust, type Verify } from './jwks-client';

/** Its times are constants: of 300 s and 60 s there remain 3 s and 0.6 s. */
const PACE = 100;

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ALGORITHMS = ['ES256', 'EdDSA', 'RS256', 'PS256'];

/**
 * A client that verifies what its token endpoint hands it (`enableNonRepudiationChecks`), by the issuer's set, which it
 * keeps; it asks again for a key that is not in it, but not soon after it last asked. The token endpoint hands out
 * whatever is to be verified; keys come from where they are.
 */
export const openidClient: JwksClient = {
  name: 'openid-client',
  keepsMs: 300_000,
  refusesMs: 60_000,
  start(trust, isHasty = false) {
    if (isHasty) return hasty(trust);
    const config = configure(trust);
    return (token) => verify(config, token);
  },
};

function configure(trust: Trust): client.Configuration {
  const { issuer, audience } = trust;
  const tokenEndpoint = `${trust.base}/its-own-token-endpoint`;
  const config = new client.Configuration(
    {
      ...{ issuer, jwks_uri: jwksUri(trust), token_endpoint: tokenEndpoint },
      id_token_signing_alg_values_supported: ALGORITHMS,
    },
    audience,
    {},
    client.None(),
  );
  // For one without TLS, on this machine.
  client.allowInsecureRequests(config);
  client.enableNonRepudiationChecks(config);
  config[client.customFetch] = async (url, init) =>
    url === tokenEndpoint ? handedOut(init) : fetch(url, init as RequestInit);
  return config;
}

function handedOut({ body }: client.CustomFetchOptions): Response {
  const token = (body as URLSearchParams).get('subject_token');
  return Response.json({ access_token: token, token_type: 'Bearer', id_token: token });
}

async function verify(config: client.Configuration, token: string): Promise<void> {
  await client.genericGrantRequest(config, TOKEN_EXCHANGE, { subject_token: token });
}

/** Each token in a process of its own, as it were: what one leaves of the set the next one takes, as older than it is. */
function hasty(trust: Trust): Verify {
  let kept: { jwks: NonNullable<ReturnType<typeof client.getJwksCache>>['jwks']; at: number } | undefined;
  return async (token) => {
    const config = configure(trust);
    const now = Date.now();
    const uat = kept && Math.floor((now - (now - kept.at) * PACE) / 1_000);
    if (kept !== undefined && uat !== undefined) client.setJwksCache(config, { jwks: kept.jwks, uat });
    try {
      await verify(config, token);
    } finally {
      const left = client.getJwksCache(config);
      if (left !== undefined && left.uat !== uat) kept = { jwks: left.jwks, at: Date.now() };
    }
  };
}
