/**
 * For specs: a database as rotation would have written it, of the test kit's rings, and the facts that a spec asks for.
 * Speaks SQL of its own, as the owner, so that it shares nothing with what it helps to test.
 */
import { randomUUID } from 'node:crypto';
import { TestRings, seedRing, type Query, type TestRing } from '@plexsphere/testkit';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { statementHash } from '@plexsphere/wire/jws';
import { Pool } from 'pg';

export interface MessageRow {
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
  chain: object | null;
  forked_at: Date | null;
  platform_forked_at: Date | null;
  platform_forked_from: number | null;
  ahead_epoch: number | null;
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
  waits_since: Date | null;
  word_at: Date | null;
  ready_epoch: number | null;
  ready_position: number | null;
  told_since: number[];
  missed: { position: number; count: number; since: string } | null;
}

/** The window and the grace of a rotation, as rotation's defaults are to each other. */
const WINDOW_MS = 3_600_000;
const GRACE_MS = 30_000;

export class SeededMesh {
  readonly rings = new TestRings();
  readonly pool: Pool;
  private readonly scopes = new Map<string, Scope>();

  constructor(ownerUrl: string) {
    this.pool = new Pool({ connectionString: ownerUrl, max: 4 });
    // The database is dropped by force, and a connection that is just ending may hear of it.
    this.pool.on('error', () => undefined);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  async ring(scope: Scope, keyId: string): Promise<TestRing> {
    const ring = await this.rings.create(scope, keyId);
    await this.inTransaction((query) => seedRing(query, ring));
    return ring;
  }

  rotate(scope: Scope, keyId: string): Promise<string> {
    return this.change(scope, (ring) => ring.rotate(keyId, new Date(), WINDOW_MS, GRACE_MS));
  }

  closeRotation(scope: Scope): Promise<string> {
    return this.change(scope, (ring) => ring.close());
  }

  /** As rotation commits it: ring, change, and one row a Node; of the platform's trust to the Domains' Nodes too. */
  async change(scope: Scope, work: (ring: TestRing) => unknown): Promise<string> {
    const ring = this.of(scope);
    const before = ring.epoch;
    await work(ring);
    const isOfTrust = ring.trustEpoch > before;
    return this.inTransaction(async (query) => {
      const eventId = await seedRing(query, ring, before);
      const eventType = isOfTrust ? 'signing_key_rotated' : 'chain';
      await insertKeyEvent(query, ring, eventId, eventType, isOfTrust && scope === PLATFORM);
      return eventId;
    });
  }

  scopeOf(nodeId: string): Scope {
    return this.scopes.get(nodeId) ?? PLATFORM;
  }

  /** Of whoever was told of that epoch. */
  headAt(scope: Scope, epoch: number): string {
    const statements = this.of(scope).statements;
    const head = statements.findLast((statement) => statement.epoch <= epoch) ?? statements[0];
    return statementHash(head!.text);
  }

  /**
   * What `links` rotations leave behind, each closed but the last, in one insert: signed, not rotated. Nobody is told of
   * any; Nodes hear of it when they say hello, or when a relay looks.
   */
  async sleepThrough(scope: Scope, links: number): Promise<void> {
    const ring = this.of(scope);
    const before = ring.epoch;
    for (let link = 1; link <= links; link++)
      await ring.rotate(
        `${ring.active.keyId.split('-')[0]}-${randomUUID().slice(0, 8)}`,
        new Date(),
        WINDOW_MS,
        GRACE_MS,
      );
    await this.inTransaction((query) => seedRing(query, ring, before));
  }

  /** One over HTTP, as it registers: one that reads no statement waits for a state. */
  async httpNode(scope: Scope, listens: 'go' | 'sdk' = 'go'): Promise<string> {
    const id = randomUUID();
    this.scopes.set(id, scope);
    await this.pool.query(
      `INSERT INTO ring.node (id, scope, name, bearer_hash, mesh_ip, wireguard_key, wireguard_key_since)
       VALUES ($1, $2, $3::text, sha256($3::text::bytea), ('100.64.0.0'::inet + nextval('ring.mesh_host')), 'w', now())`,
      [id, scope, `n-${id}`],
    );
    await this.pool.query(
      `INSERT INTO outbox.node_stream (node_id, scope, listens, told_epoch, told_platform_epoch, settled_epoch,
                                       settled_platform_epoch, waits_since)
       VALUES ($1, $2, $3::text, $4, $5, $4, $5, CASE $3::text WHEN 'go' THEN clock_timestamp() END)`,
      [id, scope, listens, this.of(scope).epoch, this.of(PLATFORM).epoch],
    );
    return id;
  }

  /** The database's clock, as words bear it. */
  async now(): Promise<string> {
    const { rows } = await this.pool.query<{ now: string }>(
      `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
    );
    return rows[0]!.now;
  }

  async node(scope: Scope, { present = true }: { present?: boolean } = {}): Promise<string> {
    const id = randomUUID();
    this.scopes.set(id, scope);
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
        `INSERT INTO outbox.message (node_id, scope, event_id)
         SELECT id, scope, $1 FROM ring.node WHERE scope = $2 AND state = 'enrolled'`,
        [eventId, scope],
      );
      return eventId;
    });
    return eventId;
  }

  async messages(nodeId: string): Promise<MessageRow[]> {
    const { rows } = await this.pool.query<MessageRow>(
      `SELECT event_id, epoch::int, position::int, state, outcome FROM (
         SELECT e.created_at, m.id, m.event_id, e.epoch, m.position, m.state, m.outcome
           FROM outbox.message m JOIN outbox.event e USING (event_id) WHERE m.node_id = $1
          UNION ALL
         SELECT e.created_at, 0, e.event_id, e.epoch, NULL,
                CASE WHEN k.applied IS NOT NULL THEN 'settled'
                     WHEN e.epoch <= CASE e.scope WHEN s.scope THEN s.told_epoch ELSE s.told_platform_epoch END THEN 'sent'
                     ELSE 'unsent' END,
                CASE k.applied WHEN true THEN 'applied' WHEN false THEN 'superseded' END
           FROM outbox.key_message k JOIN outbox.event e ON e.event_id = k.event_id::text
           JOIN outbox.node_stream s ON s.node_id = k.node_id WHERE k.node_id = $1) either
        ORDER BY created_at, id`,
      [nodeId],
    );
    return rows;
  }

  async stream(nodeId: string): Promise<StreamRow> {
    const { rows } = await this.pool.query<StreamRow>(
      `SELECT told_epoch::int, told_platform_epoch::int, settled_epoch::int, settled_platform_epoch::int, chain, forked_at, platform_forked_at,
              platform_forked_from::int,
              ahead_epoch::float8, settled_position::int, last_position::int,
              last_sequence::int, claim_owner, attempt::int, hello, resend_at, resend_count, first_seen_at, last_seen_at, missed,
              waits_since, word_at, ready_epoch::int, ready_position::int, told_since::int[]
         FROM outbox.node_stream WHERE node_id = $1`,
      [nodeId],
    );
    if (rows[0] === undefined) throw new Error('no such Node');
    return rows[0];
  }

  /** As rotation takes a Node out. */
  async remove(nodeId: string): Promise<void> {
    await this.pool.query(`UPDATE ring.node SET state = 'removed' WHERE id = $1`, [nodeId]);
    await this.set(nodeId, `state = 'ending'`);
  }

  /** Sets columns of a Node's node_stream, given as SQL. */
  async set(nodeId: string, assignments: string): Promise<void> {
    await this.pool.query(`UPDATE outbox.node_stream SET ${assignments} WHERE node_id = $1`, [nodeId]);
  }

  of(scope: Scope): TestRing {
    return this.rings.of(scope);
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

async function insertKeyEvent(
  query: Query,
  { scope, epoch }: TestRing,
  eventId: string,
  eventType: string,
  toAll: boolean,
): Promise<void> {
  await query(`INSERT INTO outbox.event (event_id, scope, event_type, epoch) VALUES ($1, $2, $3, $4)`, [
    eventId,
    scope,
    eventType,
    epoch,
  ]);
  await query(
    `WITH told AS (
       INSERT INTO outbox.key_message (event_id, node_id)
       SELECT $1::uuid, n.id FROM ring.node n JOIN outbox.node_stream s ON s.node_id = n.id
        WHERE n.state = 'enrolled' AND ($3 OR n.scope = $2)
          AND (s.listens <> 'go' OR (n.scope = $2 AND $4 = 'signing_key_rotated'))
       RETURNING 1)
     UPDATE outbox.event SET nodes = (SELECT count(*) FROM told) WHERE event_id = $1::text`,
    [eventId, scope, toAll, eventType],
  );
}
