import { Injectable } from '@nestjs/common';
import { asInstant, askPrepared, prepared } from '@plexsphere/store/sql';
import type { KeyView, Scope } from '@plexsphere/wire';
import { Pool } from 'pg';

/** A Node over HTTP, as one statement on the primary has it: its row, how its stream stands, and the ring of its scope. */
export interface NodeView {
  id: string;
  scope: Scope;
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
  ring: { trustEpoch: number; keys: KeyView[] };
}

interface NodeStreamView {
  settledEpoch: number;
  /** When it last had one open; null: never. */
  seenAt: Date | null;
  /** Since when it waits for a state; null: it does not. */
  waitsSince: Date | null;
}

type Row = Omit<NodeView, 'stream' | 'ring'> & NodeStreamView & NodeView['ring'];

const READ_NODE = prepared(`
  SELECT n.id, n.scope, n.state, n.bearer_hash AS "bearerHash",
         coalesce(n.wireguard_key_wanted_at <= n.read_at, false) AS "isKeyWanted",
         n.listens, ${asInstant('n.read_at')} AS "readAt", n.called_at AS "calledAt",
         n.settled_epoch::float8 AS "settledEpoch", n.stream_seen_at AS "seenAt", n.waits_since AS "waitsSince",
         r.trust_epoch::float8 AS "trustEpoch", r.keys
    FROM gateway.node n JOIN gateway.ring r USING (scope) WHERE n.id = $1`);

@Injectable()
export class NodeViews {
  constructor(private readonly database: Pool) {}

  /** Read anew each time, and kept nowhere: what it shows may be over with the next commit. `requireCaller`: as `askPrepared` has it. */
  async read(nodeId: string, requireCaller?: () => void): Promise<NodeView | undefined> {
    const [row] = await askPrepared<Row>(this.database, READ_NODE, [nodeId], requireCaller);
    if (row === undefined) return undefined;
    const { trustEpoch, keys, settledEpoch, seenAt, waitsSince, ...node } = row;
    return { ...node, stream: { settledEpoch, seenAt, waitsSince }, ring: { trustEpoch, keys } };
  }
}
