import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, type JWK } from 'jose';

export interface SigningKey {
  jwk: JWK & { kid: string; alg: string };
  privateKey: KeyObject;
}

interface Pair {
  publicKey: Buffer;
  privateKey: Buffer;
}

// Each written out: a key object that generateKeyPair hands out can hang Node 20.
const GENERATE: Record<'ES256' | 'EdDSA' | 'RS256' | 'PS256', () => Pair> = {
  ES256: () =>
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    }),
  EdDSA: () =>
    generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    }),
  RS256: rsa,
  PS256: rsa,
};

function rsa(): Pair {
  return generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
}

export const ALGORITHMS = Object.keys(GENERATE) as (keyof typeof GENERATE)[];

export async function signingKey(kid: string, alg: keyof typeof GENERATE = 'ES256'): Promise<SigningKey> {
  const made = GENERATE[alg]();
  const publicKey = createPublicKey({ key: made.publicKey, type: 'spki', format: 'der' });
  const privateKey = createPrivateKey({ key: made.privateKey, type: 'pkcs8', format: 'der' });
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }, privateKey };
}

/** Publishes keys, with a life that nobody heeds. */
export class KeyServer {
  asked = 0;
  private text = '';
  private readonly server: Server = createServer((_, response) => {
    this.asked += 1;
    const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=1' };
    response.writeHead(200, headers).end(this.text);
  });

  static async start(): Promise<KeyServer> {
    const server = new KeyServer();
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  publish(...keys: SigningKey[]): void {
    this.text = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** One that outlives the test, where nothing else is said. */
  token({ jwk, privateKey }: SigningKey, audience: string, ends = '30d'): Promise<string> {
    return new SignJWT({ client_id: 'billing', scope: '', jti: 'one' })
      .setProtectedHeader({ alg: jwk.alg, kid: jwk.kid, typ: 'at+jwt' })
      .setIssuer(this.url)
      .setAudience(audience)
      .setSubject('billing')
      .setIssuedAt()
      .setExpirationTime(ends)
      .sign(privateKey);
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
