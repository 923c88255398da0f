/** For specs: a channel in the database as rotation would have written it, and what a signer would say of its rings. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FakeSigner } from '@plexsphere/testkit';
import {
  CHANNEL_KEYS_CHANGED,
  checkValue,
  directionScope,
  directionsOf,
  makeSealingPair,
  sealSecret,
  type ChannelKey,
  type Scope,
} from '@plexsphere/wire';
import type { Pool } from 'pg';

const KEY_ID = 'key-20260301';

interface Ring {
  epoch: number;
  secret: Buffer;
}

export class SeededChannel {
  readonly slug = `c${randomUUID().slice(0, 8)}`;
  /** `app` signs in the first, `web` in the second. */
  readonly rings: readonly [Scope, Scope] = [
    directionScope(this.slug, 'app', 'web'),
    directionScope(this.slug, 'web', 'app'),
  ];
  readonly pairs = new Map<string, ReturnType<typeof makeSealingPair>>();
  private readonly states = new Map<Scope, Ring>();

  private constructor(private readonly pool: Pool) {}

  static async create(pool: Pool): Promise<SeededChannel> {
    const channel = new SeededChannel(pool);
    const { slug } = channel;
    await pool.query(`INSERT INTO ring.channel (slug, side_a, side_b) VALUES ($1, 'app', 'web')`, [slug]);
    for (const scope of directionsOf(slug, ['app', 'web'])) {
      channel.states.set(scope, { epoch: 1, secret: randomBytes(32) });
      await pool.query('INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, 1, 1)', [scope]);
    }
    return channel;
  }

  async member(nodeId: string, side: 'app' | 'web'): Promise<void> {
    const pair = makeSealingPair();
    this.pairs.set(nodeId, pair);
    await this.pool.query(
      `INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink) VALUES ($1, $2, $3, $4, false)`,
      [nodeId, this.slug, side, pair.publicKey],
    );
  }

  /** Another change of the ring: committed, and told to these Nodes. */
  async change(scope: Scope, ...nodeIds: string[]): Promise<number> {
    const ring = this.stateOf(scope);
    ring.epoch += 1;
    await this.pool.query('UPDATE ring.key_ring SET epoch = $2, trust_epoch = $2 WHERE scope = $1', [
      scope,
      ring.epoch,
    ]);
    for (const nodeId of nodeIds) await this.tell(scope, nodeId);
    return ring.epoch;
  }

  /** The row of one ring for one Node; returns the event's id. */
  async tell(scope: Scope, nodeId: string, eventId = `${nodeId}/${randomUUID()}`): Promise<string> {
    await this.pool.query(
      `WITH event AS (INSERT INTO outbox.event (event_id, scope, event_type) VALUES ($1, $2, '${CHANNEL_KEYS_CHANGED}'))
       INSERT INTO outbox.message (node_id, scope, event_id) SELECT id, scope, $1 FROM ring.node WHERE id = $3`,
      [eventId, scope, nodeId],
    );
    return eventId;
  }

  /** The signer works by the rings as they stand in the database, but for those that it is `behind` on. */
  servedBy(signer: FakeSigner, behind = 0): void {
    for (const scope of this.rings) {
      signer.channels.set(scope, {
        epoch: () => this.stateOf(scope).epoch - behind,
        keysFor: (nodeId) => this.keysFor(scope, nodeId, this.stateOf(scope).epoch - behind),
      });
    }
  }

  private keysFor(scope: Scope, nodeId: string, epoch: number): ChannelKey[] {
    const pair = this.pairs.get(nodeId);
    if (pair === undefined) return [];
    const { secret } = this.stateOf(scope);
    return [
      {
        ...{ key_id: KEY_ID, algorithm: 'HS256', use: 'verify', active: true },
        ...{ beside_seconds: null, verifies_until: null, check_value: checkValue(secret, scope, KEY_ID) },
        secret: sealSecret(secret, pair.publicKey, { scope, keyId: KEY_ID, epoch, nodeId }),
      },
    ];
  }

  private stateOf(scope: Scope): Ring {
    const ring = this.states.get(scope);
    if (ring === undefined) throw new Error(`no ring of ${scope}`);
    return ring;
  }
}
