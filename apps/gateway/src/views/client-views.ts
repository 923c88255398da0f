import { Injectable } from '@nestjs/common';
import type { Scope } from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { prepared } from '@plexsphere/store';
import { askPrepared } from './ask-prepared';

/** A client of an issuer, as one statement on the primary has it. */
export interface ClientRow {
  clientId: string;
  tokenScopes: string[];
  audiences: string[];
  /** null: as long as the issuer lets a token live. */
  ttlSeconds: number | null;
  /** null where it has a secret. */
  keys: ClientKey[] | null;
  /** SHA-256 of each that is valid now. */
  secretHashes: Buffer[];
  /** The database's time of this very read. */
  readAt: Date;
}

const READ_CLIENT = prepared(`
  SELECT client_id AS "clientId", token_scopes AS "tokenScopes", audiences, ttl_seconds AS "ttlSeconds", keys,
         secret_hashes AS "secretHashes", statement_timestamp() AS "readAt"
    FROM gateway.client WHERE scope = $1 AND client_id = $2`);

const USE_ASSERTION = prepared('SELECT gateway.use_assertion($1, $2, $3, $4) AS used');

@Injectable()
export class ClientViews {
  constructor(private readonly database: DataSource) {}

  /** Read anew each time, and kept nowhere: a secret that is taken away is refused with the next request. */
  async read(scope: Scope, clientId: string): Promise<ClientRow | undefined> {
    const [row] = await askPrepared<ClientRow>(this.database, READ_CLIENT, [scope, clientId]);
    return row;
  }

  /** Whether it is used for the first time, at whichever gateway. */
  async useAssertion(scope: Scope, clientId: string, jti: string, expiresAt: Date): Promise<boolean> {
    const values = [scope, clientId, jti, expiresAt];
    const [row] = await askPrepared<{ used: boolean }>(this.database, USE_ASSERTION, values);
    return row?.used === true;
  }
}
