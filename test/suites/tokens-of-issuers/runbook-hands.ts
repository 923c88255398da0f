import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { eventually } from '@plexsphere/testkit';
import { decodeProtectedHeader } from 'jose';
import { basic, makeClient, makeIssuer, type TestClient, type TestIssuer } from '../../src/oauth-hands';
import type { World } from '../../src/world';

export interface Told {
  status: number;
  retryAfter: string | null;
  body: Record<string, unknown>;
}

export interface ShownKey {
  kid: string;
  state: string;
  propagated_at: string | null;
}

/**
 * The commands of an identity service's own runbook, as it has them: a host, an admin's bearer and `client:secret` are all
 * that is filled in.
 */
export class IdentityService {
  private constructor(
    readonly host: string,
    private readonly bearer: string,
    private readonly client: TestClient,
    readonly issuer: TestIssuer,
  ) {}

  /** One that has run for a while: the key that signs next has been published for as long as verifiers cache. */
  static async begin(world: World, slug: string): Promise<IdentityService> {
    const issuer = await makeIssuer(world, slug, { default: true });
    const client = await makeClient(world, issuer, 'client', { token_scopes: ['api'] });
    const { bearer } = JSON.parse(await readFile(world.stack.tokenFile, 'utf8')) as { bearer: string };
    const service = new IdentityService(world.gatewayUrls[0] ?? '', bearer, client, issuer);
    await service.standby();
    return service;
  }

  /** `curl -X POST https://<host>/api/v1/admin/keys/rotate -H "Authorization: Bearer $ADMIN_TOKEN"` */
  rotate = (name?: string): Promise<Told> => this.post('rotate', undefined, name);

  promote = (kid: string, name?: string): Promise<Told> => this.post(`${kid}/promote`, undefined, name);

  disable = (kid: string, body?: object, name?: string): Promise<Told> => this.post(`${kid}/disable`, body, name);

  /** `curl -s https://<host>/.well-known/jwks.json | jq '.keys[].kid'` */
  async kids(host = this.host): Promise<string[]> {
    const { keys } = (await (await fetch(`${host}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  }

  /** `curl -X POST https://<host>/oauth2/token -u client:secret -d 'grant_type=client_credentials&scope=api'` */
  async token(): Promise<{ text: string; kid: string }> {
    const answered = await fetch(`${this.host}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: basic(this.client), 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&scope=api',
    });
    const { access_token: text } = (await answered.json()) as { access_token: string };
    expect(answered.status).toBe(200);
    return { text, kid: String(decodeProtectedHeader(text).kid) };
  }

  async keys(): Promise<ShownKey[]> {
    const answered = await fetch(`${this.host}/api/v1/admin/keys`, { headers: this.authorization });
    return ((await answered.json()) as { keys: ShownKey[] }).keys;
  }

  /** Once one has propagated: a rotator has staged it, and nobody waited for it. */
  standby(): Promise<ShownKey> {
    return eventually(
      async () => {
        const staged = (await this.keys()).find(({ state }) => state === 'staged');
        const propagatedAt = Date.parse(staged?.propagated_at ?? '');
        return propagatedAt < Date.now() - 500 ? staged : undefined;
      },
      { timeoutMs: 90_000, describe: 'a standby that has propagated' },
    );
  }

  /** Sends it and hangs up: whatever it is answered, its caller never hears. */
  loseReplyOf(path: string, name: string): Promise<void> {
    const headers = { ...this.authorization, 'idempotency-key': name };
    return new Promise((resolve, reject) => {
      const asked = request(`${this.host}/api/v1/admin/keys/${path}`, { method: 'POST', headers, agent: false });
      asked.on('error', () => resolve());
      asked.on('response', () => reject(new Error('answered before it was cut off')));
      asked.end(() => setTimeout(() => asked.destroy(), 20));
    });
  }

  private get authorization(): Record<string, string> {
    return { authorization: `Bearer ${this.bearer}` };
  }

  private async post(path: string, body?: object, name?: string): Promise<Told> {
    const answered = await fetch(`${this.host}/api/v1/admin/keys/${path}`, {
      method: 'POST',
      headers: {
        ...this.authorization,
        ...(name !== undefined && { 'idempotency-key': name }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { status, headers } = answered;
    return { status, retryAfter: headers.get('retry-after'), body: (await answered.json()) as Record<string, unknown> };
  }
}

export const drawName = (): string => `ticket-${randomUUID()}`;

/** What the database's clock does by itself within an hour: the last token of whatever retires is over. */
export const passTokens = (world: World, { scope }: TestIssuer): Promise<unknown> =>
  world.query(
    `UPDATE ring.signing_key SET tokens_until = clock_timestamp() - interval '1 hour' WHERE scope = $1 AND state = 'retiring'`,
    [scope],
  );
