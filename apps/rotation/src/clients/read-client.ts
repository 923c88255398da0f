import { problem, type Scope } from '@plexsphere/wire';
import type { ClientKey, ClientView, ListClientsReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

/** In one reply, of 14 KB each at the most: below the bus' limit of 1 MB. */
export const CLIENTS_IN_REPLY = 50;

interface Row extends Pick<ClientView, 'scope' | 'client_id' | 'token_scopes' | 'audiences' | 'ttl_seconds'> {
  keys: ClientKey[] | null;
  secrets: { created_at: Date; expires_at: Date | null }[];
  created_at: Date;
}

const SELECT = `
  SELECT scope, client_id, token_scopes, audiences, ttl_seconds, keys, created_at,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('created_at', s.created_at, 'expires_at', s.expires_at)
                                    ORDER BY s.expires_at DESC NULLS FIRST), '[]')
            FROM ring.client_secret s
           WHERE s.scope = client.scope AND s.client_id = client.client_id
             AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())) AS secrets
    FROM ring.client`;

type Sql = Pick<EntityManager, 'query'>;

/** @throws Problem unknownClient */
export async function readClient(manager: Sql, scope: Scope, clientId: string): Promise<ClientView> {
  const [row] = await manager.query<Row[]>(`${SELECT} WHERE scope = $1 AND client_id = $2`, [scope, clientId]);
  if (row === undefined) throw problem('unknownClient', { field: 'client_id' });
  return viewOf(row);
}

/** Those of an issuer, by their ids, from behind one of them; it need not be there any more. */
export async function listClients(
  manager: Sql,
  scope: Scope,
  after: string | undefined,
  limit = CLIENTS_IN_REPLY,
): Promise<ListClientsReply> {
  const rows = await manager.query<Row[]>(
    `${SELECT} WHERE scope = $1 AND ($2::text IS NULL OR client_id > $2) ORDER BY client_id LIMIT $3`,
    [scope, after ?? null, limit + 1],
  );
  const clients = rows.slice(0, limit).map(viewOf);
  const next = rows.length > limit ? clients.at(-1)?.client_id : undefined;
  return { clients, ...(next === undefined ? {} : { next }) };
}

/** Nothing by which one could speak as it, and of its keys no more than which they are. */
const viewOf = ({ keys, secrets, created_at, ...row }: Row): ClientView => ({
  ...row,
  keys: keys && keys.map(({ key_id, algorithm }) => ({ key_id, algorithm })),
  secrets: secrets.map((secret) => ({
    created_at: instant(secret.created_at),
    expires_at: secret.expires_at && instant(secret.expires_at),
  })),
  created_at: instant(created_at),
});

/** Out of JSON a time comes as text. */
const instant = (time: Date | string): string => new Date(time).toISOString();
