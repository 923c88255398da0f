/**
 * For specs: a database as rotation would have written it, with real keys and statements, and the facts that a spec asks
 * for. Speaks SQL of its own, as the owner, so that it shares nothing with what it helps to test.
 */
import { randomUUID } from 'node:crypto';
import { newKeyPair, type TestPrivateKey } from '@plexsphere/testkit';
import { PLATFORM, publicText, type Scope } from '@plexsphere/wire';
import { signStatement, statementHash, type SigningKey } from '@plexsphere/wire/jws';
import { Pool } from 'pg';

interface MeshKey extends SigningKey {
  privateKey: TestPrivateKey;
}

export interface SeededRing {
  scope: Scope;
  epoch: number;
  trustEpoch: number;
  keys: (MeshKey & { state: 'active' | 'retiring' | 'retired' })[];
  statement: string;
}

export interface MessageRow {
  id: string;
  event_id: string;
  epoch: number | null;
  position: number | null;
  state: 'unsent' | 'sent' | 'settled';
  outcome: string | null;
}

export interface StreamRow {
  told_epoch: number;
  told_platform_epoch: number;
  settled_epoch: number;
  settled_platform_epoch: number;
  chain_epoch: number | null;
  settled_position: number;
  last_position: number;
  last_sequence: number;
  claim_owner: string | null;
  attempt: number;
  hello: Record<string, unknown> | null;
  resend_at: Date | null;
  resend_count: number;
  first_seen_at: Date | null;
  last_seen_at: Date | null;
  missed: { position: number; count: number; since: string } | null;
}

const newKey = (keyId: string): MeshKey => ({ keyId, privateKey: newKeyPair().privateKey });

export class SeededMesh {
  readonly recovery: SigningKey = newKey('recovery');
  readonly rings = new Map<Scope, SeededRing>();
  readonly pool: Pool;

  constructor(ownerUrl: string) {
    this.pool = new Pool({ connectionString: ownerUrl, max: 4 });
    // The database is dropped by force, and a connection that is just ending may hear of it.
    this.pool.on('error', () => undefined);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  async ring(scope: Scope, keyId: string): Promise<SeededRing> {
    const key = newKey(keyId);
    const authority = this.rings.get(PLATFORM)?.keys[0] ?? this.recovery;
    const statement = await this.statement('create', scope, 1, authority, key, null);
    const ring: SeededRing = { scope, epoch: 1, trustEpoch: 1, keys: [{ ...key, state: 'active' }], statement };
    this.rings.set(scope, ring);
    await this.pool.query(`INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, 1, 1)`, [scope]);
    await this.insertKey(scope, key);
    await this.change(ring, 'create', keyId, statement);
    return ring;
  }

  /** As rotation commits it: ring, change, and one row a Node; for the platform's ring to the Domains' Nodes too. */
  async rotate(scope: Scope, keyId: string): Promise<string> {
    const ring = this.of(scope);
    const old = this.active(scope);
    const key = newKey(keyId);
    const epoch = ring.epoch + 1;
    const statement = await this.statement('rotate', scope, epoch, old, key, ring.statement);
    Object.assign(ring, { epoch, trustEpoch: epoch, statement });
    old.state = 'retiring';
    ring.keys.push({ ...key, state: 'active' });
    return this.inTransaction(async (query) => {
      await query(`UPDATE ring.signing_key SET state = 'retiring' WHERE scope = $1 AND state = 'active'`, [scope]);
      await query(
        `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES ($1, $2, 'Ed25519', $3, 'active')`,
        [scope, keyId, publicText(key.privateKey)],
      );
      await query(`UPDATE ring.key_ring SET epoch = $2, trust_epoch = $2 WHERE scope = $1`, [scope, epoch]);
      return this.keyEvent(query, ring, 'rotate', 'signing_key_rotated', statement);
    });
  }

  async closeRotation(scope: Scope): Promise<string> {
    const ring = this.of(scope);
    ring.epoch += 1;
    for (const key of ring.keys) if (key.state === 'retiring') key.state = 'retired';
    return this.inTransaction(async (query) => {
      await query(`UPDATE ring.signing_key SET state = 'retired' WHERE scope = $1 AND state = 'retiring'`, [scope]);
      await query(`UPDATE ring.key_ring SET epoch = $2 WHERE scope = $1`, [scope, ring.epoch]);
      return this.keyEvent(query, ring, 'close', 'chain', null);
    });
  }

  /**
   * What `links` rotations leave behind, each closed but the last, in one insert: signed, not rotated. Nobody is told of
   * any; Nodes hear of it when they say hello, or when a relay looks.
   */
  async sleepThrough(scope: Scope, links: number): Promise<void> {
    const ring = this.of(scope);
    const keys: { key_id: string; public_key: string; state: string }[] = [];
    const changes: { epoch: number; change: string; key_id: string; statement: string | null }[] = [];
    for (let link = 1; link <= links; link++) {
      const old = this.active(scope);
      const key = newKey(`${old.keyId.split('-')[0]}-${randomUUID().slice(0, 8)}`);
      const epoch = ring.epoch + 1;
      const statement = await this.statement('rotate', scope, epoch, old, key, ring.statement);
      changes.push({ epoch, change: 'rotate', key_id: key.keyId, statement });
      Object.assign(ring, { epoch, trustEpoch: epoch, statement });
      old.state = 'retiring';
      ring.keys.push({ ...key, state: 'active' });
      if (link === links) break;
      old.state = 'retired';
      ring.epoch += 1;
      changes.push({ epoch: ring.epoch, change: 'close', key_id: key.keyId, statement: null });
    }
    for (const { keyId, privateKey, state } of ring.keys) {
      keys.push({ key_id: keyId, public_key: publicText(privateKey), state });
    }
    const hashes = changes.map((change) => ({ ...change, hash: change.statement && statementHash(change.statement) }));
    await this.inTransaction(async (query) => {
      await query(`DELETE FROM ring.signing_key WHERE scope = $1`, [scope]);
      await query(
        `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state)
         SELECT $1, key_id, 'Ed25519', public_key, state
           FROM jsonb_to_recordset($2::jsonb) AS k(key_id text, public_key text, state text)`,
        [scope, JSON.stringify(keys)],
      );
      await query(
        `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash)
         SELECT $1, epoch, change, key_id, gen_random_uuid()::text, statement, hash FROM jsonb_to_recordset($2::jsonb)
             AS c(epoch bigint, change text, key_id text, statement text, hash text)`,
        [scope, JSON.stringify(hashes)],
      );
      await query(`UPDATE ring.key_ring SET epoch = $2, trust_epoch = $3 WHERE scope = $1`, [
        scope,
        ring.epoch,
        ring.trustEpoch,
      ]);
    });
  }

  async node(scope: Scope, { present = true }: { present?: boolean } = {}): Promise<string> {
    const id = randomUUID();
    await this.pool.query(`INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ($1, $2, $3, $3)`, [
      id,
      scope,
      `n-${id}`,
    ]);
    await this.pool.query(
      `INSERT INTO outbox.node_stream
         (node_id, scope, told_epoch, told_platform_epoch, settled_epoch, settled_platform_epoch, first_seen_at, last_seen_at)
       VALUES ($1, $2, $3, $4, $3, $4, $5, $5)`,
      [id, scope, this.of(scope).epoch, this.of(PLATFORM).epoch, present ? new Date() : null],
    );
    return id;
  }

  /** An ordinary event to every Node of a scope; returns its id. */
  async publish(scope: Scope, payload: string | null = '{"a":1.0}', eventType = 'policy_updated'): Promise<string> {
    const eventId = randomUUID();
    await this.inTransaction(async (query) => {
      await query(`INSERT INTO outbox.event (event_id, scope, event_type, payload) VALUES ($1, $2, $3, $4)`, [
        eventId,
        scope,
        eventType,
        payload,
      ]);
      await query(
        `INSERT INTO outbox.message (node_id, event_id)
         SELECT id, $1 FROM ring.node WHERE scope = $2 AND state = 'enrolled'`,
        [eventId, scope],
      );
      return eventId;
    });
    return eventId;
  }

  async messages(nodeId: string): Promise<MessageRow[]> {
    const { rows } = await this.pool.query<MessageRow>(
      `SELECT id::text, event_id, epoch::int, position::int, state, outcome FROM outbox.message
        WHERE node_id = $1 ORDER BY id`,
      [nodeId],
    );
    return rows;
  }

  async stream(nodeId: string): Promise<StreamRow> {
    const { rows } = await this.pool.query<StreamRow>(
      `SELECT told_epoch::int, told_platform_epoch::int, settled_epoch::int, settled_platform_epoch::int, chain_epoch::int, settled_position::int, last_position::int,
              last_sequence::int, claim_owner, attempt::int, hello, resend_at, resend_count, first_seen_at, last_seen_at, missed
         FROM outbox.node_stream WHERE node_id = $1`,
      [nodeId],
    );
    if (rows[0] === undefined) throw new Error('no such Node');
    return rows[0];
  }

  /** Sets columns of a Node's node_stream, given as SQL. */
  async set(nodeId: string, assignments: string): Promise<void> {
    await this.pool.query(`UPDATE outbox.node_stream SET ${assignments} WHERE node_id = $1`, [nodeId]);
  }

  of(scope: Scope): SeededRing {
    const ring = this.rings.get(scope);
    if (ring === undefined) throw new Error(`no ring of ${scope}`);
    return ring;
  }

  active(scope: Scope): SeededRing['keys'][number] {
    const key = this.of(scope).keys.find(({ state }) => state === 'active');
    if (key === undefined) throw new Error(`no active key in ${scope}`);
    return key;
  }

  private async insertKey(scope: Scope, key: SigningKey): Promise<void> {
    await this.pool.query(
      `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES ($1, $2, 'Ed25519', $3, 'active')`,
      [scope, key.keyId, publicText(key.privateKey)],
    );
  }

  private async change(ring: SeededRing, change: string, keyId: string, statement: string | null): Promise<void> {
    await this.pool.query(
      `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [ring.scope, ring.epoch, change, keyId, randomUUID(), statement, statement && statementHash(statement)],
    );
  }

  private async keyEvent(
    query: Query,
    ring: SeededRing,
    change: string,
    eventType: string,
    statement: string | null,
  ): Promise<string> {
    const { scope, epoch } = ring;
    const eventId = randomUUID();
    await query(
      `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [scope, epoch, change, this.active(scope).keyId, eventId, statement, statement && statementHash(statement)],
    );
    await query(`INSERT INTO outbox.event (event_id, scope, event_type, epoch) VALUES ($1, $2, $3, $4)`, [
      eventId,
      scope,
      eventType,
      epoch,
    ]);
    const isForAll = scope === PLATFORM && change === 'rotate';
    await query(
      `INSERT INTO outbox.message (node_id, event_id, ring_scope, epoch)
       SELECT id, $1, $2, $3 FROM ring.node WHERE state = 'enrolled' AND ($4 OR scope = $2)`,
      [eventId, scope, epoch, isForAll],
    );
    return eventId;
  }

  private statement(
    type: 'create' | 'rotate',
    scope: Scope,
    epoch: number,
    old: SigningKey,
    key: SigningKey,
    previous: string | null,
  ): Promise<string> {
    const first = type === 'create';
    const openedAt = new Date();
    return signStatement(
      {
        type,
        scope,
        epoch,
        old_key_id: first ? null : old.keyId,
        old_public_key: first ? null : publicText(old.privateKey),
        new_key_id: key.keyId,
        new_public_key: publicText(key.privateKey),
        opened_at: openedAt.toISOString(),
        closes_at: first ? null : new Date(openedAt.getTime() + 3_600_000).toISOString(),
        transition_expires: first ? null : new Date(openedAt.getTime() + 3_630_000).toISOString(),
        previous: previous === null ? null : statementHash(previous),
      },
      old,
      key,
    );
  }

  private async inTransaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work((text, values) => client.query(text, values));
      await client.query('COMMIT');
      return result;
    } finally {
      client.release();
    }
  }
}

type Query = (text: string, values: unknown[]) => Promise<unknown>;
