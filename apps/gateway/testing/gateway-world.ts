/** For specs: a whole gateway in this process, with its real role on a real PostgreSQL, and rotation and signers played on a
 *  real bus. */
import { randomBytes, randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { openConnections } from '@plexsphere/store/sql';
import {
  FakeRotation,
  FakeSigner,
  TestRings,
  endBus,
  freePort,
  seedInstallation,
  seedRing,
  startedBus,
  testDatabase,
  type TestDatabase,
  type TestRing,
} from '@plexsphere/testkit';
import { runParts, type RunningParts } from '@plexsphere/testkit/services';
import {
  ALGORITHMS,
  PLATFORM,
  inboxOf,
  issuerScope,
  makeBearer,
  publicText,
  type RingView,
  type Scope,
} from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import type { SigningKey } from '@plexsphere/wire/jws';
import type { NatsServer } from '@plexsphere/stack';
import { connect, type NatsConnection } from 'nats';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Door } from '../src/door/door';
import { GatewayConfig } from '../src/gateway-config';
import { gatewayParts } from '../src/gateway.module';
import { bearerHash } from '../src/nodes/node-credentials';

export const DOMAIN = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';
const LEASE_MS = 4_000;

export interface TestNode {
  id: string;
  secret: string;
}

export interface TestIssuer {
  scope: Scope;
  url: string;
  key: SigningKey;
}

export class GatewayWorld {
  readonly rings = new TestRings();
  rotation: FakeRotation;
  signer: FakeSigner;
  silenceSigner: () => void;
  gateway: RunningParts;
  url: string;
  connection: NatsConnection;
  /** One that may do everything. */
  others: NatsConnection;
  private database: TestDatabase;
  private owner: DataSource;
  private views: Pool;
  private viewsUrl: string;
  private dialled: string;
  private addresses = 0;
  bus: NatsServer;

  static async make(settings: Partial<GatewayConfig> = {}): Promise<GatewayWorld> {
    const world = new GatewayWorld();
    await world.begin(settings);
    return world;
  }

  readonly query = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    this.owner.query<Record<string, unknown>[]>(text, values);

  /** The ring as it is now, in the database and, where rotation may tell of it, with the holders. */
  async commit(ring: TestRing, afterEpoch: number, told = true): Promise<void> {
    await this.owner.transaction((manager) =>
      seedRing((text, values) => manager.query(text, values), ring, afterEpoch),
    );
    if (told) this.rotation.show(ring.view());
  }

  /** A Node that has registered, with nothing sent to it yet. */
  async addNode(
    scope: Scope,
    more: { called?: boolean; state?: string; listens?: 'go' | 'sdk' } = {},
  ): Promise<TestNode> {
    const node = { id: randomUUID(), secret: randomBytes(24).toString('base64url') };
    const { epoch } = this.rings.of(scope);
    const { state = 'enrolled', called = true, listens = 'go' } = more;
    await this.query(
      `INSERT INTO ring.node (id, scope, name, bearer_hash, mesh_ip, wireguard_key, wireguard_key_since, state)
       VALUES ($1, $2, $3, $4, '100.64.0.1'::inet + $5::int, $6, now(), $7)`,
      [node.id, scope, `n-${node.id}`, bearerHash(node.secret), ++this.addresses, KEY, state],
    );
    await this.query(
      `INSERT INTO outbox.node_stream (node_id, scope, listens, told_epoch, told_platform_epoch, settled_epoch,
                                       settled_platform_epoch, called_at)
       VALUES ($1, $2, $5, $3, 1, $3, 1, CASE WHEN $4 THEN now() END)`,
      [node.id, scope, epoch, called, listens],
    );
    return node;
  }

  /** An issuer with one key and what signs by it; its clients are `addClient`'s. `isHeld`: gateways hold its lease. */
  async addIssuer(
    slug: string,
    more: { url?: string; isDefault?: boolean; longestSeconds?: number; isHeld?: boolean } = {},
  ): Promise<TestIssuer> {
    const scope = issuerScope(slug);
    const {
      url = `https://id.example.com/issuers/${slug}`,
      isDefault = false,
      longestSeconds = 3_600,
      isHeld = false,
    } = more;
    const key = { keyId: `${slug}-1`, privateKey: await ALGORITHMS.ES256.generate() };
    await this.query('INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, 1, 1)', [scope]);
    await this.query(
      `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES ($1, $2, 'ES256', $3, 'active')`,
      [scope, key.keyId, publicText(key.privateKey)],
    );
    await this.query('INSERT INTO ring.issuer (scope, url, is_default, longest_token_ms) VALUES ($1, $2, $3, $4)', [
      ...[scope, url, isDefault, longestSeconds * 1_000],
    ]);
    this.signer.issuers.set(scope, { url, key, longestSeconds });
    if (isHeld) this.rotation.show(ringOfIssuer(scope, key, { url, longest_token_seconds: longestSeconds }));
    return { scope, url, key };
  }

  /** A key of another service, which verifies in an issuer's key set by what its tokens call it. */
  async importKey({ scope }: Pick<TestIssuer, 'scope'>, kid: string | null): Promise<SigningKey> {
    const key = { keyId: `foreign-${randomUUID()}`, privateKey: await ALGORITHMS.ES256.generate() };
    await this.query(
      `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until, tokens_until,
                                     longest_token_ms, foreign_signs_until, jwk_kid)
       VALUES ($1, $2, 'ES256', $3, 'retiring', now() + interval '1 day', now() + interval '1 day', 1, now(), $4)`,
      [scope, key.keyId, publicText(key.privateKey), kid],
    );
    return key;
  }

  /** A client of an issuer, by its secret; where it has keys it has none. */
  async addClient(
    { scope }: Pick<TestIssuer, 'scope'>,
    clientId: string,
    more: { keys?: ClientKey[]; tokenScopes?: string[]; ttlSeconds?: number } = {},
  ): Promise<string> {
    const { keys = null, tokenScopes = ['read', 'write'], ttlSeconds = null } = more;
    await this.query(
      `INSERT INTO ring.client (scope, client_id, token_scopes, audiences, ttl_seconds, keys, secret_since)
       VALUES ($1, $2, $3, '{https://api.example.com}', $4, $5, CASE WHEN $5::jsonb IS NULL THEN now() END)`,
      [scope, clientId, tokenScopes, ttlSeconds, keys && JSON.stringify(keys)],
    );
    if (keys !== null) return '';
    const secret = makeBearer();
    await this.query(
      'INSERT INTO ring.client_secret (scope, client_id, secret_hash, created_at) VALUES ($1, $2, $3, now())',
      [scope, clientId, bearerHash(secret)],
    );
    return secret;
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** As that Node. */
  as({ secret }: Pick<TestNode, 'secret'>, path: string, init: RequestInit = {}): Promise<Response> {
    return this.get(path, { ...init, headers: { authorization: `Bearer ${secret}`, ...init.headers } });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.get(path, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } });
  }

  /** As if the server were gone: who is in is thrown out, and nothing answers where it was. */
  async closeDatabase(): Promise<void> {
    const { username } = new URL(this.viewsUrl);
    this.dialled = Object.assign(new URL(this.viewsUrl), { port: String(await freePort()) }).href;
    await this.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [username]);
  }

  openDatabase(): void {
    this.dialled = this.viewsUrl;
  }

  hearSigner(): void {
    this.silenceSigner = this.signer.listen();
  }

  async end(): Promise<void> {
    await this.gateway.stop();
    await Promise.all([this.connection, this.others].map((each) => each.close()));
    await Promise.all([this.owner.destroy(), this.views.end()]);
    await Promise.all([endBus(this.bus), this.database.drop()]);
  }

  private async begin(settings: Partial<GatewayConfig>): Promise<void> {
    this.database = await testDatabase({ name: 'store', prepare: migrateStore });
    this.owner = await new DataSource({ type: 'postgres', url: this.database.url }).initialize();
    this.viewsUrl = await this.database.urlAs('gateway');
    this.openDatabase();
    this.views = await openConnections(
      () => this.dialled,
      'spec',
      () => undefined,
    );
    this.bus = await startedBus();
    // As a service's: a bus that is away for long is waited for all the same.
    const forEver = { servers: this.bus.url, maxReconnectAttempts: -1, reconnectTimeWait: 250 };
    this.others = await connect(forEver);
    this.connection = await connect({ ...forEver, inboxPrefix: inboxOf('gateway') });
    await this.rings.create(PLATFORM, 'p1');
    await this.rings.create(DOMAIN, 'k1');
    await seedInstallation(this.query, this.rings);
    for (const ring of this.rings.all()) await seedRing(this.query, ring);
    this.rotation = new FakeRotation(this.others, LEASE_MS, 'gateway');
    this.rotation.rings = this.rings.all().map((ring) => ring.view());
    this.rotation.listen();
    this.signer = new FakeSigner(this.others, this.rings);
    this.hearSigner();
    const config = Object.assign(new GatewayConfig(), DEFAULTS, settings);
    const parts = {
      controllers: gatewayParts.controllers,
      providers: [
        ...gatewayParts.providers,
        { provide: GatewayConfig, useValue: config },
        { provide: Pool, useValue: this.views },
      ],
    };
    this.gateway = await runParts(this.connection, 'gateway', parts, { door: (logger) => Door.listen(config, logger) });
    const { http } = this.gateway.log().find(({ msg }) => msg === 'listening') ?? {};
    this.url = `http${config.tlsCertFile === '' ? '' : 's'}://${String(http)}`;
  }
}

export const KEY = 'cVd1pW5qVh2rBr2v0YAmnM2ZrYdLXcPlxRjRkJ7Xw0I=';

const DEFAULTS = {
  ...{ httpListen: '127.0.0.1:0', tlsCertFile: '', tlsKeyFile: '', trustedProxies: '', clientRate: 1_000 },
  ...{ natsUrl: 'nats://127.0.0.1:4222', busCaFile: '', nodeBusServers: '', nodeBusCaFile: '', nodeGateways: '' },
};

const ringOfIssuer = (scope: Scope, { keyId, privateKey }: SigningKey, issuer: RingView['issuer']): RingView => ({
  ...{ scope, epoch: 1, trust_epoch: 1, head_epoch: 1, issuer, transition: null, next: null },
  ...{ statement: '{}', statement_hash: 'none' },
  keys: [
    {
      ...{ key_id: keyId, state: 'active', algorithm: 'ES256', verifies_until: null },
      public_key: publicText(privateKey),
    },
  ],
});
