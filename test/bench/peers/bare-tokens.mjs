// An issuer of tokens that is one process: its key, its clients and all that it knows are in memory. node:http and jose, as
// jose's documents have it. It looks at a client's secret as the gateway does, and at no ceiling, horizon or rate.
import { Buffer } from 'node:buffer';
import { createHash, createPrivateKey, generateKeyPairSync, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';
import { URLSearchParams } from 'node:url';
import { SignJWT } from 'jose';

const { privateKey: der } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
});
const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });

const hashOf = (secret) => createHash('sha256').update(secret).digest();

process.once('message', ({ clients, issuer, audience, scope, lifeSeconds }) => {
  const known = new Map(clients.map(({ id, secret }) => [id, hashOf(secret)]));

  const clientOf = (authorization = '') => {
    const pair = Buffer.from(authorization.slice('Basic '.length), 'base64').toString();
    const [id, secret] = pair.split(':').map(decodeURIComponent);
    const hash = known.get(id);
    return hash !== undefined && timingSafeEqual(hash, hashOf(secret ?? '')) ? id : undefined;
  };
  const tokenOf = (client) =>
    new SignJWT({ client_id: client, scope })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' })
      .setIssuer(issuer)
      .setSubject(client)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${lifeSeconds}s`)
      .sign(privateKey);

  const give = async (request, body) => {
    const client = clientOf(request.headers.authorization);
    if (client === undefined) return [401, { error: 'invalid_client' }];
    if (new URLSearchParams(body).get('grant_type') !== 'client_credentials')
      return [400, { error: 'invalid_request' }];
    return [200, { access_token: await tokenOf(client), token_type: 'Bearer', expires_in: lifeSeconds, scope }];
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (body += chunk));
    request.on('end', async () => {
      const [status, answer] = await give(request, body);
      const text = JSON.stringify(answer);
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
});
