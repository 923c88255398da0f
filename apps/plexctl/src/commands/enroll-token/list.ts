import type { EnrollTokenSummary } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { orDash } from '../../layout';
import { utc, type Table } from '../../render';
import { MESH_SCOPE_FLAG } from '../flag-definitions';

export const listEnrollTokens = command({
  path: ['enroll-token', 'list'],
  about: `Lists the enrolment tokens of a scope, or of every scope that you may see, in the order of their ends; one that is
    over goes a day after its end. The tokens themselves nobody keeps: plexctl node enroll-token shows one once.`,
  flags: { scope: { ...MESH_SCOPE_FLAG, required: false } },
  examples: ['plexctl enroll-token list', 'plexctl enroll-token list --scope platform --output json'],
  asks: 'bus',

  async run({ flags: { scope }, bus }) {
    const tokens: EnrollTokenSummary[] = [];
    let after: string | undefined;
    do {
      const page = await bus.ask('enroll-token.list', { ...(scope && { scope }), ...(after && { after }) });
      tokens.push(...page.tokens);
      after = page.next;
    } while (after !== undefined);
    return { text: tableOf(tokens), document: { tokens } };
  },
});

const tableOf = (tokens: readonly EnrollTokenSummary[]): Table => ({
  columns: ['ID', 'SCOPE', 'STATE', 'CREATED_AT', 'EXPIRES_AT', 'USED_AT', 'NODE_ID'],
  rows: tokens.map(({ id, scope, state, created_at, expires_at, used_at, node_id }) => [
    ...[id, scope, state, utc(created_at), utc(expires_at), orDash(used_at && utc(used_at)), orDash(node_id)],
  ]),
});
