import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { authenticatorOf } from '@plexsphere/testkit';
import { SIGNING_DURATION_MS, credentialFile, headers, inboxPrefix, subjects, type Scope } from '@plexsphere/wire';
import type { SignJwt, SignJwtReply } from '@plexsphere/wire/commands';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { connect, type NatsConnection } from 'nats';
import type { World } from './world';

/** A token that was taken: it came within the time that a signature is accepted for. */
export interface AskedToken {
  /** By this process' clock, which whoever rotates here shares. */
  askedAt: number;
  keyId: string;
  /** In milliseconds since 1970. */
  endsAt: number;
  text: string;
}

/** As long as a token of the default policy may live. */
const LONGEST_SECONDS = 3_600;

/** Asks signers for an issuer's tokens without end, as a gateway does: what comes too late is dropped. */
export class TokenAsker {
  readonly tokens: AskedToken[] = [];
  private isAsking = true;
  private readonly asking: Promise<void>[];

  private constructor(
    private readonly bus: NatsConnection,
    private readonly scope: Scope,
    atOnce: number,
  ) {
    this.asking = Array.from({ length: atOnce }, (_, index) => this.askOn(index));
  }

  static async start(world: World, scope: Scope, atOnce = 4): Promise<TokenAsker> {
    const kind = 'gateway';
    const creds = await readFile(join(dirname(world.stack.tokenFile), credentialFile(kind)), 'utf8');
    const bus = await connect({
      ...{ servers: world.stack.natsUrl, authenticator: authenticatorOf(creds), inboxPrefix: inboxPrefix({ kind }) },
    });
    world.afterwards(() => bus.close());
    return new TokenAsker(bus, scope, atOnce);
  }

  async stop(): Promise<AskedToken[]> {
    this.isAsking = false;
    await Promise.all(this.asking);
    await this.bus.close();
    return this.tokens;
  }

  private async askOn(index: number): Promise<void> {
    for (let n = index; this.isAsking; n += 1) {
      // Short lives and long ones in turns, so that many a token reaches beyond what was written down before.
      const token = await this.ask(1 + ((n * 577) % LONGEST_SECONDS)).catch(() => undefined);
      if (token !== undefined) this.tokens.push(token);
      await delay(token === undefined ? 50 : 5);
    }
  }

  private async ask(ttl_seconds: number): Promise<AskedToken | undefined> {
    const request: SignJwt = {
      ...{ scope: this.scope, client_id: 'billing', sub: 'billing', aud: 'https://api.example.com', token_scope: '' },
      ...{ ttl_seconds, jti: randomUUID(), duration_ms: SIGNING_DURATION_MS },
    };
    const [askedAt, endsAt] = [Date.now(), performance.now() + SIGNING_DURATION_MS];
    const subject = subjects.scopeSigner(this.scope, 'sign-jwt');
    const reply = await this.bus.request(subject, JSON.stringify(request), { timeout: SIGNING_DURATION_MS });
    if (reply.headers?.get(headers.errorCode) || performance.now() >= endsAt) return undefined;
    const { token: text, key_id: keyId, expires_at } = reply.json<SignJwtReply>();
    return { askedAt, keyId, endsAt: Date.parse(expires_at), text };
  }
}

/** By any library, with the key set as it is now. */
export async function everyOneVerifies(world: World, scope: Scope, tokens: readonly AskedToken[]): Promise<void> {
  const keys = createLocalJWKSet(await world.json<JSONWebKeySet>(['signing', 'jwks', '--scope', scope]));
  for (const { text, keyId } of tokens) {
    // Short ones may be over by now: what is asked is whether they were good when they came.
    const { iat = 0 } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as { iat?: number };
    const { protectedHeader } = await jwtVerify(text, keys, { typ: 'at+jwt', currentDate: new Date(iat * 1_000) });
    expect(protectedHeader.kid).toBe(keyId);
  }
}
