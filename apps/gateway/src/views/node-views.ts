import { Injectable } from '@nestjs/common';
import type { KeyView, Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { askPrepared, prepared } from './prepared';

/** A Node over HTTP, as one statement on the primary has it: its row, how its stream stands, and the ring of its scope. */
export interface NodeView {
  id: string;
  scope: Scope;
  name: string;
  state: 'enrolled' | 'removed' | 'revoked';
  bearerHash: Buffer;
  /** Whether it is asked for another WireGuard key. */
  isKeyWanted: boolean;
  /** The SDK, or a daemon that takes what HTTP tells it. */
  listens: 'sdk' | 'go';
  /** The database's time of this very read: RFC 3339, UTC, six digits. */
  readAt: string;
  /** When it first called with its bearer; null: it never has. */
  calledAt: Date | null;
  stream: NodeStreamView;
  ring: { epoch: number; trustEpoch: number; keys: KeyView[] };
}

export interface NodeStreamView {
  toldEpoch: number;
  toldPlatformEpoch: number;
  settledEpoch: number;
  settledPlatformEpoch: number;
  settledPosition: number;
  lastPosition: number;
  helloId: string | null;
  wordAt: Date | null;
  seenAt: Date | null;
  waitsSince: Date | null;
  readyEpoch: number | null;
  readyPosition: number | null;
  readyAt: Date | null;
  /** Whether an event is there that is not settled. */
  isOutstanding: boolean;
}

type Row = Omit<NodeView, 'stream' | 'ring'> & NodeStreamView & NodeView['ring'];

const READ_NODE = prepared(`
  SELECT n.id, n.scope, n.name, n.state, n.bearer_hash AS "bearerHash",
         coalesce(n.wireguard_key_wanted_at <= n.read_at, false) AS "isKeyWanted",
         n.listens, to_char(n.read_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "readAt", n.called_at AS "calledAt",
         n.told_epoch::float8 AS "toldEpoch", n.told_platform_epoch::float8 AS "toldPlatformEpoch",
         n.settled_epoch::float8 AS "settledEpoch", n.settled_platform_epoch::float8 AS "settledPlatformEpoch",
         n.settled_position::float8 AS "settledPosition", n.last_position::float8 AS "lastPosition",
         n.hello_id AS "helloId", n.word_at AS "wordAt", n.stream_seen_at AS "seenAt", n.waits_since AS "waitsSince",
         n.ready_epoch::float8 AS "readyEpoch", n.ready_position::float8 AS "readyPosition", n.ready_at AS "readyAt",
         n.outstanding AS "isOutstanding",
         r.epoch::float8 AS epoch, r.trust_epoch::float8 AS "trustEpoch", r.keys
    FROM gateway.node n JOIN gateway.ring r USING (scope) WHERE n.id = $1`);

@Injectable()
export class NodeViews {
  constructor(private readonly database: DataSource) {}

  /** Read anew each time, and kept nowhere: what it shows may be over with the next commit. */
  async read(nodeId: string): Promise<NodeView | undefined> {
    const [row] = await askPrepared<Row>(this.database, READ_NODE, [nodeId]);
    if (row === undefined) return undefined;
    const { id, scope, name, state, bearerHash, isKeyWanted, listens, readAt, calledAt, ...rest } = row;
    const { epoch, trustEpoch, keys, ...stream } = rest;
    return {
      ...{ id, scope, name, state, bearerHash, isKeyWanted, listens, readAt, calledAt, stream },
      ring: { epoch, trustEpoch, keys },
    };
  }
}
