import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { authenticatorOf, eventually } from '@plexsphere/testkit';
import { credentialFile, headers, inboxPrefix, randomToken, subjects, SIGNING_DURATION_MS } from '@plexsphere/wire';
import type { JwksReply, SignJwtReply } from '@plexsphere/wire/commands';
import { createLocalJWKSet, jwtVerify, type JWTVerifyResult } from 'jose';
import { connect } from 'nats';
import { issuerOf } from './issuer-hands';
import type { World } from './world';

/** A token as a gateway has it signed: over the bus, by a gateway's own credential. */
export async function signedToken(world: World, ttlSeconds: number): Promise<SignJwtReply> {
  const file = join(dirname(world.stack.tokenFile), credentialFile('gateway'));
  const connection = await connect({
    servers: world.stack.natsUrl,
    authenticator: authenticatorOf(await readFile(file, 'utf8')),
    inboxPrefix: inboxPrefix({ kind: 'gateway' }),
    waitOnFirstConnect: true,
    timeout: 5_000,
  });
  const body = {
    ...{ scope: issuerOf(world).scope, client_id: 'shop', sub: 'shop', aud: 'https://api.example.com' },
    ...{ token_scope: 'read', ttl_seconds: ttlSeconds, duration_ms: SIGNING_DURATION_MS },
  };
  try {
    return await eventually(
      async () => {
        const subject = subjects.scopeSigner(body.scope, 'sign-jwt');
        const text = JSON.stringify({ ...body, jti: randomToken() });
        // Later than that it would be dropped; whoever has no lease yet, or was killed, leaves none.
        const reply = await connection.request(subject, text, { timeout: SIGNING_DURATION_MS }).catch(() => undefined);
        const isRefused = reply?.headers?.has(headers.errorCode) === true;
        return reply === undefined || isRefused ? undefined : reply.json<SignJwtReply>();
      },
      { timeoutMs: 90_000, describe: 'a token' },
    );
  } finally {
    await connection.close();
  }
}

/** By the key set as it is, with a library that knows nothing of us. @throws where it is refused */
export async function verified(world: World, { token }: Pick<SignJwtReply, 'token'>): Promise<JWTVerifyResult> {
  const keys = await world.json<JwksReply>(['signing', 'jwks', '--scope', issuerOf(world).scope]);
  return jwtVerify(token, createLocalJWKSet(keys), { algorithms: ['ES256'], typ: 'at+jwt' });
}
