/** For specs: keys of a client, and the assertions that it signs by them (RFC 7523), by a library that is not ours. */
import { ALGORITHMS, type AlgorithmName } from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import { SignJWT, importPKCS8, type JWTPayload } from 'jose';

export interface Pair {
  key: ClientKey;
  sign(payload: JWTPayload, header?: Record<string, unknown>): Promise<string>;
}

export async function pairOf(algorithm: AlgorithmName, keyId: string): Promise<Pair> {
  const made = await ALGORITHMS[algorithm].generate();
  const { alg } = ALGORITHMS[algorithm];
  const pem = `-----BEGIN PRIVATE KEY-----\n${made.secret().toString('base64')}\n-----END PRIVATE KEY-----`;
  const privateKey = await importPKCS8(pem, alg);
  return {
    key: { key_id: keyId, algorithm, public_key: made.publicKey!.text },
    sign: (payload, header = {}) =>
      new SignJWT(payload).setProtectedHeader({ alg, kid: keyId, ...header }).sign(privateKey),
  };
}
