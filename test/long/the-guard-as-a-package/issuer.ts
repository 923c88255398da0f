import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPublicKey } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';

/** An issuer with one key, which publishes it and signs what it is asked to. */
export class Issuer {
  private constructor(
    private readonly server: Server,
    private readonly key: KeyObject,
  ) {}

  static async start(): Promise<Issuer> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    const jwk = await exportJWK(createPublicKey({ key: publicKey, type: 'spki', format: 'der' }));
    const text = JSON.stringify({ keys: [{ ...jwk, kid: 'k1', alg: 'ES256' }] });
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/.well-known/jwks.json' ? 200 : 404).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Issuer(server, createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' }));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  token(scope: string): Promise<string> {
    return new SignJWT({ client_id: 'billing', scope })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
      .setIssuer(this.url)
      .setAudience('orders')
      .setSubject('billing')
      .setExpirationTime('1h')
      .sign(this.key);
  }

  close(): Promise<unknown> {
    return new Promise((resolve) => this.server.close(resolve));
  }
}
