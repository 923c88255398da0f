import { Injectable } from '@nestjs/common';
import type { KeyView, Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';

@Injectable()
export class RingViews {
  constructor(private readonly database: DataSource) {}

  /** The keys of a ring that are not put away, as the primary has them, and its time; undefined where there is no ring. */
  async keys(scope: Scope): Promise<{ keys: KeyView[]; at: Date } | undefined> {
    const [row] = await this.database.query<{ keys: KeyView[] | null; at: Date }[]>(
      'SELECT keys, statement_timestamp() AS at FROM gateway.ring WHERE scope = $1',
      [scope],
    );
    return row && { keys: row.keys ?? [], at: row.at };
  }
}
