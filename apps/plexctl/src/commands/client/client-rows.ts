import type { ClientView } from '@plexsphere/wire/commands';
import { orDash } from '../../layout';
import { span, utc, type Table } from '../../render';

/** Clients as a person reads them, and nothing by which one could speak as one of them. */
export const clientTable = (clients: readonly ClientView[]): Table => ({
  columns: ['CLIENT_ID', 'TOKEN_SCOPES', 'AUDIENCES', 'TTL', 'PROVES_ITSELF_BY', 'CREATED_AT'],
  rows: clients.map((client) => [
    ...[client.client_id, client.token_scopes.join(' '), client.audiences.join(' ')],
    ...[orDash(client.ttl_seconds === null ? null : span(client.ttl_seconds)), proofOf(client), utc(client.created_at)],
  ]),
});

function proofOf({ keys, secrets }: ClientView): string {
  if (keys !== null) return `keys ${keys.map(({ key_id }) => key_id).join(' ')}`;
  const ending = secrets.find(({ expires_at }) => expires_at !== null)?.expires_at;
  return ending ? `secret; the one before until ${utc(ending)}` : 'secret';
}
