import { Injectable } from '@nestjs/common';
import { prepared } from '@plexsphere/store';
import type { KeyView, Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { askPrepared } from './ask-prepared';

const READ_KEYS = prepared('SELECT keys, statement_timestamp() AS at FROM gateway.ring WHERE scope = $1');

@Injectable()
export class RingViews {
  constructor(private readonly database: DataSource) {}

  /** The keys of a ring that are not put away, as the primary has them, and its time; undefined where there is no ring. */
  async keys(scope: Scope): Promise<{ keys: KeyView[]; at: Date } | undefined> {
    const [row] = await askPrepared<{ keys: KeyView[] | null; at: Date }>(this.database, READ_KEYS, [scope]);
    return row && { keys: row.keys ?? [], at: row.at };
  }
}
