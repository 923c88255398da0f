import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { IssuerEntity } from '@plexsphere/store';
import { problem, type Scope } from '@plexsphere/wire';
import {
  DEFAULT_KEEP_OLD_SECONDS,
  type ClientView,
  type CreateClient,
  type DeleteClientReply,
  type RotateClientSecret,
} from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { databaseNow } from '../transactions/database-clock';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { readClient } from './read-client';
import { requireSignable } from './require-signable';

/** Who may ask an issuer for tokens. Gateways read it at each request, so that whatever is committed here holds at once. */
@Injectable()
export class Clients {
  constructor(
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownScope, clientExists; invariantViolation for what could never be signed for it */
  create(request: CreateClient, identity: RequestIdentity): Promise<ClientView> {
    const { scope, client_id: clientId } = request;
    return this.transactions.once(identity, { shared: [scope] }, async (manager) => {
      const issuer = await manager.findOneBy(IssuerEntity, { scope });
      if (issuer === null) throw problem('unknownScope', { field: 'scope' });
      requireSignable(request, issuer);
      await insertClient(manager, request);
      const view = await readClient(manager, scope, clientId);
      await writeAudit(manager, identity, { scope, after: view });
      this.logger.info({ scope, client: clientId }, 'client created');
      return view;
    });
  }

  /**
   * The secret before goes on for as long as was asked, and one before that no longer: two are valid at the most.
   * @throws Problem unknownClient; noClientSecret where it signs assertions by a key of its own
   */
  rotateSecret(request: RotateClientSecret, identity: RequestIdentity): Promise<ClientView> {
    const { scope, client_id: clientId } = request;
    return this.transactions.once(identity, { shared: [scope] }, async (manager) => {
      const before = await readClient(manager, scope, clientId);
      if (before.keys !== null) throw problem('noClientSecret', { field: 'client_id' });
      await replaceSecret(manager, request);
      const view = await readClient(manager, scope, clientId);
      await writeAudit(manager, identity, { scope, before: secretsOf(before), after: secretsOf(view) });
      this.logger.info({ scope, client: clientId }, 'secret of a client rotated');
      return view;
    });
  }

  /** It is given no token any more; those that it has live on until they expire. @throws Problem unknownClient */
  delete(scope: Scope, clientId: string, identity: RequestIdentity): Promise<DeleteClientReply> {
    return this.transactions.once(identity, { shared: [scope] }, async (manager) => {
      const before = await readClient(manager, scope, clientId);
      await manager.query('DELETE FROM ring.client WHERE scope = $1 AND client_id = $2', [scope, clientId]);
      const reply = { scope, client_id: clientId, deleted_at: (await databaseNow(manager)).toISOString() };
      await writeAudit(manager, identity, { scope, before, after: reply });
      this.logger.info({ scope, client: clientId }, 'client deleted');
      return reply;
    });
  }
}

const secretsOf = ({ client_id, secrets }: ClientView): object => ({ client_id, secrets });

async function insertClient(manager: EntityManager, request: CreateClient): Promise<void> {
  const { scope, client_id, token_scopes, audiences, ttl_seconds, secret_hash, keys } = request;
  const rows = await manager.query<unknown[]>(
    `INSERT INTO ring.client (scope, client_id, token_scopes, audiences, ttl_seconds, keys, secret_since)
     SELECT $1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN date_trunc('milliseconds', clock_timestamp()) END
     ON CONFLICT DO NOTHING RETURNING client_id`,
    [scope, client_id, token_scopes, audiences, ttl_seconds ?? null, keys && JSON.stringify(keys), !keys],
  );
  if (rows.length === 0) throw problem('clientExists', { field: 'client_id' });
  if (secret_hash === undefined) return;
  await manager.query(
    `INSERT INTO ring.client_secret (scope, client_id, secret_hash, created_at)
     SELECT scope, client_id, decode($3, 'hex'), secret_since FROM ring.client WHERE scope = $1 AND client_id = $2`,
    [scope, client_id, secret_hash],
  );
}

async function replaceSecret(manager: EntityManager, request: RotateClientSecret): Promise<void> {
  const { scope, client_id, secret_hash, keep_old_seconds = DEFAULT_KEEP_OLD_SECONDS } = request;
  const name = [scope, client_id];
  const [, rotated] = await manager.query<[unknown, number]>(
    `UPDATE ring.client SET secret_since = date_trunc('milliseconds', clock_timestamp())
      WHERE scope = $1 AND client_id = $2`,
    name,
  );
  // Deleted meanwhile.
  if (rotated === 0) throw problem('unknownClient', { field: 'client_id' });
  await manager.query(
    'DELETE FROM ring.client_secret WHERE scope = $1 AND client_id = $2 AND expires_at IS NOT NULL',
    name,
  );
  await manager.query(
    `UPDATE ring.client_secret AS old SET expires_at = client.secret_since + $3 * interval '1 s' FROM ring.client
      WHERE old.scope = $1 AND old.client_id = $2 AND client.scope = $1 AND client.client_id = $2`,
    [...name, keep_old_seconds],
  );
  const inserted = await manager.query<unknown[]>(
    `INSERT INTO ring.client_secret (scope, client_id, secret_hash, created_at)
     SELECT scope, client_id, decode($3, 'hex'), secret_since FROM ring.client WHERE scope = $1 AND client_id = $2
     ON CONFLICT DO NOTHING RETURNING client_id`,
    [...name, secret_hash],
  );
  // The same as before: nobody could tell when it ends.
  if (inserted.length === 0) throw problem('invariantViolation', { field: 'secret_hash' });
}
