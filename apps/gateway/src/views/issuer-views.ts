import { Injectable } from '@nestjs/common';
import { askPrepared, prepared } from '@plexsphere/store/sql';
import type { Scope } from '@plexsphere/wire';
import { Pool } from 'pg';

export interface IssuerRow {
  scope: Scope;
  /** `iss`, as the operator gave it. */
  url: string;
  /** How long a token may live that is signed now: in whole seconds. */
  longestTokenSeconds: number;
}

const COLUMNS = `scope, url, floor(longest_token_ms / 1000)::float8 AS "longestTokenSeconds"`;
const READ_ISSUER = prepared(`SELECT ${COLUMNS} FROM gateway.issuer WHERE scope = $1`);
const READ_DEFAULT = prepared(`SELECT ${COLUMNS} FROM gateway.issuer WHERE is_default`);

@Injectable()
export class IssuerViews {
  constructor(private readonly database: Pool) {}

  async read(scope: Scope): Promise<IssuerRow | undefined> {
    const [row] = await askPrepared<IssuerRow>(this.database, READ_ISSUER, [scope]);
    return row;
  }

  /** The one that is served at the root as well. */
  async readDefault(): Promise<IssuerRow | undefined> {
    const [row] = await askPrepared<IssuerRow>(this.database, READ_DEFAULT, []);
    return row;
  }
}
