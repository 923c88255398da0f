import { Injectable } from '@nestjs/common';
import type { GoNode, GoRing, Key, NodeRow, PresentedId } from '@plexsphere/keyring';
import { asInstant, askPrepared, prepared } from '@plexsphere/store/sql';
import type { Scope } from '@plexsphere/wire';
import { Pool } from 'pg';

const RING = `r.trust_epoch::float8 AS "trustEpoch", r.keys, r.changes`;

/** One statement: what is said of a Node and of its ring belongs together, and to one time. */
const READ = prepared(`
  SELECT n.settled_epoch::float8 AS "settledEpoch", n.told_epoch::float8 AS "toldEpoch", n.told_since::float8[] AS "toldSince",
         n.settled_position::float8 AS "settledPosition", n.last_position::float8 AS "lastPosition",
         n.ready_epoch::float8 AS "readyEpoch", n.ready_position::float8 AS "readyPosition", n.hello_id AS "helloId",
         n.is_hello_unanswered AS "isHelloUnanswered", n.outstanding AS "hasUnsettled", n.waits_since IS NOT NULL AS waits,
         ${asInstant('n.word_at')} AS "wordAt", ${asInstant('n.read_at')} AS "readAt", n.last_sequence::float8 AS "lastSequence",
         (SELECT CASE WHEN bool_or(up_to.position = $2) THEN min(up_to.issued_at) END
            FROM (SELECT s.position, s.issued_at FROM gateway.sent s
                   WHERE s.node_id = n.id AND s.position > n.settled_position AND s.position <= $2
                  UNION ALL
                  SELECT n.ready_position, n.ready_at
                   WHERE n.ready_position > n.settled_position AND n.ready_position <= $2) up_to) AS "issuedAt",
         ${RING}
    FROM gateway.node n JOIN gateway.ring r USING (scope) WHERE n.id = $1 AND n.state = 'enrolled'`);

const READ_RING = prepared(`SELECT ${RING} FROM gateway.ring r WHERE r.scope = $1`);

interface RingColumns {
  trustEpoch: number;
  keys: { key_id: string; state: Key['state']; verifies_until: string | null }[];
  changes: { epoch: number; active_key_id: string; previous_key_id: string | null; previous_until: string | null }[];
}

interface Row extends Omit<GoNode, 'ready'>, RingColumns {
  readyEpoch: number | null;
  readyPosition: number | null;
  readAt: string;
  lastSequence: number;
  issuedAt: Date | null;
}

export interface StreamRow extends NodeRow {
  presented: PresentedId | null;
}

/** What is on record of Nodes that read no statement, for their streams. */
@Injectable()
export class StreamRows {
  constructor(private readonly database: Pool) {}

  /**
   * `presented`: the Last-Event-ID that the stream was asked for with; `requireCaller`: as `askPrepared` has it. Undefined
   * where there is no such Node any more.
   */
  async read(
    nodeId: string,
    presented: number | null = null,
    requireCaller?: () => void,
  ): Promise<StreamRow | undefined> {
    // What no row can have is asked for by none: a number beyond a bigint would be an error.
    const id = Number.isSafeInteger(presented) ? presented : null;
    const [row] = await askPrepared<Row>(this.database, READ, [nodeId, id], requireCaller);
    if (row === undefined) return undefined;
    const { trustEpoch, keys, changes, readyEpoch, readyPosition, readAt, lastSequence, issuedAt, ...node } = row;
    const ready = readyEpoch === null || readyPosition === null ? null : { epoch: readyEpoch, position: readyPosition };
    return {
      node: { ...node, ready },
      ring: ringOf({ trustEpoch, keys, changes }),
      ...{ readAt, lastSequence },
      presented: presented === null ? null : { id: presented, issuedAt },
    };
  }

  async ring(scope: Scope): Promise<GoRing | undefined> {
    const [row] = await askPrepared<RingColumns>(this.database, READ_RING, [scope]);
    return row && ringOf(row);
  }
}

const ringOf = ({ trustEpoch, keys, changes }: RingColumns): GoRing => ({
  trustEpoch,
  keys: keys.map(({ key_id: keyId, state, verifies_until }) => ({
    keyId,
    state,
    verifiesUntil: timeOf(verifies_until),
  })),
  changes: changes.map(({ epoch, active_key_id, previous_key_id, previous_until }) => ({
    ...{ epoch, activeKeyId: active_key_id, previousKeyId: previous_key_id, previousUntil: timeOf(previous_until) },
  })),
});

const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));
