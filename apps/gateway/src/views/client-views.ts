import { Injectable } from '@nestjs/common';
import type { Scope } from '@plexsphere/wire';
import type { ClientKey } from '@plexsphere/wire/commands';
import { Pool } from 'pg';
import { askPrepared, prepared } from '@plexsphere/store/sql';
import { AskedTogether } from './asked-together';

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

/** One by one through the index, however many are asked for and however many there are. */
const READ_CLIENTS = prepared(`
  SELECT asked.place::int AS place, client.*, statement_timestamp() AS "readAt"
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (scope, client_id, place)
   CROSS JOIN LATERAL (
         SELECT client_id AS "clientId", token_scopes AS "tokenScopes", audiences, ttl_seconds AS "ttlSeconds", keys,
                secret_hashes AS "secretHashes"
           FROM gateway.client c WHERE c.scope = asked.scope AND c.client_id = asked.client_id LIMIT 1) client`);

const USE_ASSERTION = prepared('SELECT gateway.use_assertion($1, $2, $3, $4) AS used');

interface ClientName {
  scope: Scope;
  clientId: string;
}

@Injectable()
export class ClientViews {
  private readonly rows = new AskedTogether<ClientName, ClientRow>((names) => this.readAll(names));

  constructor(private readonly database: Pool) {}

  /** Read anew each time, and kept nowhere: a secret that is taken away is refused with the next request. */
  read(scope: Scope, clientId: string): Promise<ClientRow | undefined> {
    return this.rows.of({ scope, clientId });
  }

  /** Whether it is used for the first time, at whichever gateway. */
  async useAssertion(scope: Scope, clientId: string, jti: string, expiresAt: Date): Promise<boolean> {
    const values = [scope, clientId, jti, expiresAt];
    const [row] = await askPrepared<{ used: boolean }>(this.database, USE_ASSERTION, values);
    return row?.used === true;
  }

  private async readAll(names: readonly ClientName[]): Promise<(ClientRow | undefined)[]> {
    const values = [names.map(({ scope }) => scope), names.map(({ clientId }) => clientId)];
    const found: (ClientRow | undefined)[] = names.map(() => undefined);
    const rows = await askPrepared<ClientRow & { place: number }>(this.database, READ_CLIENTS, values);
    for (const { place, ...row } of rows) found[place - 1] = row;
    return found;
  }
}
