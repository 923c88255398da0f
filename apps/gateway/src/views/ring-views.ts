import { Injectable } from '@nestjs/common';
import { askPrepared, prepared } from '@plexsphere/store/sql';
import type { KeyView, Scope } from '@plexsphere/wire';
import { Pool } from 'pg';

const READ_KEYS = prepared('SELECT keys, statement_timestamp() AS at FROM gateway.ring WHERE scope = $1');

const READ_RETIRING = prepared(
  'SELECT kind, extract(epoch FROM statement_timestamp() - since)::float8 AS seconds FROM gateway.retiring',
);

@Injectable()
export class RingViews {
  constructor(private readonly database: Pool) {}

  /** The keys of a ring that are not put away, as the primary has them, and its time; undefined where there is no ring. */
  async keys(scope: Scope): Promise<{ keys: KeyView[]; at: Date } | undefined> {
    const [row] = await askPrepared<{ keys: KeyView[] | null; at: Date }>(this.database, READ_KEYS, [scope]);
    return row && { keys: row.keys ?? [], at: row.at };
  }

  /** Of each kind of rings that has a key on its way out, for how long the first of those has been. */
  retiring(): Promise<{ kind: string; seconds: number }[]> {
    return askPrepared(this.database, READ_RETIRING, []);
  }
}
