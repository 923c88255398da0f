import type { TokenSummary } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { orDash } from '../../layout';
import { utc, type Table } from '../../render';

export const listTokens = command({
  path: ['token', 'list'],
  about: 'Lists the tokens, expired and revoked ones too. The last use is exact to the minute.',
  flags: {},
  examples: ['plexctl token list', 'plexctl token list --output json'],
  asks: 'bus',

  async run({ bus }) {
    const document = await bus.ask('token.list', {});
    return { text: tableOf(document.tokens), document };
  },
});

const tableOf = (tokens: readonly TokenSummary[]): Table => ({
  columns: ['ID', 'NAME', 'ROLE', 'SCOPES', 'STATE', 'CREATED_AT', 'EXPIRES_AT', 'LAST_USED_AT'],
  rows: tokens.map((token) => [
    ...[token.id, token.name, token.role, token.scopes?.join(',') ?? 'all', token.state],
    ...[token.created_at, token.expires_at, token.last_used_at].map((at) => orDash(at && utc(at))),
  ]),
});
