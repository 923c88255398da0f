import { randomUUID } from 'node:crypto';
import { ALGORITHMS, type AlgorithmName } from '@plexsphere/wire';
import { SignJWT, importPKCS8, type JWK, type JWTPayload } from 'jose';

/** What its holder proves by it who it is: RFC 7523, as any library makes it. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const LIFE_SECONDS = 60;

export interface ClientKey {
  jwk: JWK;
  /** As a client's keys are entered. */
  publicKey: string;
  /** For an issuer; another claim or header in place of the right one. */
  assertion(
    clientId: string,
    issuerUrl: string,
    claims?: JWTPayload,
    header?: Record<string, unknown>,
  ): Promise<string>;
}

export async function makeClientKey(kid: string, algorithm: AlgorithmName = 'ES256'): Promise<ClientKey> {
  const { alg } = ALGORITHMS[algorithm];
  const made = await ALGORITHMS[algorithm].generate();
  const pem = `-----BEGIN PRIVATE KEY-----\n${made.secret().toString('base64')}\n-----END PRIVATE KEY-----`;
  const privateKey = await importPKCS8(pem, alg);
  return {
    jwk: { ...made.publicKey?.jwk, kid, alg } as JWK,
    publicKey: made.publicKey?.text ?? '',
    assertion: (clientId, issuerUrl, claims = {}, header = {}) => {
      const iat = Math.floor(Date.now() / 1_000);
      const ofItself = { iss: clientId, sub: clientId, aud: issuerUrl };
      return new SignJWT({ ...ofItself, iat, exp: iat + LIFE_SECONDS, jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg, kid, ...header })
        .sign(privateKey);
    },
  };
}
