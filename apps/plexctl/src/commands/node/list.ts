import type { NodeSummary } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { age, orDash } from '../../layout';
import { utc, type Table } from '../../render';
import { MESH_SCOPE_FLAG } from '../flag-definitions';

export const listNodes = command({
  path: ['node', 'list'],
  about: `Lists the enrolled Nodes of a scope, or of every scope that you may see. A pending Node has never said hello; a
    lagging one holds a key and has not applied the latest rotation. A Node says a word every 60 s and counts as online
    for 180 s after its last: SILENT_FOR says how old that is. One over HTTP whose stream waits for a state is sent nothing
    meanwhile.`,
  flags: { scope: { ...MESH_SCOPE_FLAG, required: false } },
  examples: ['plexctl node list', 'plexctl node list --scope platform --output json'],
  asks: 'bus',

  async run({ flags: { scope }, bus }) {
    const nodes: NodeSummary[] = [];
    let after: string | undefined;
    do {
      const page = await bus.ask('node.list', { ...(scope && { scope }), ...(after && { after }) });
      nodes.push(...page.nodes);
      after = page.next;
    } while (after !== undefined);
    return { text: tableOf(nodes), document: { nodes } };
  },
});

const tableOf = (nodes: readonly NodeSummary[]): Table => ({
  columns: ['NODE_ID', 'SCOPE', 'NAME', 'LISTENS', 'PROGRESS', 'ONLINE', 'LAST_SEEN_AT', 'SILENT_FOR'],
  rows: nodes.map(
    ({
      node_id,
      scope,
      name,
      listens,
      progress,
      waits_since: waits,
      online,
      last_seen_at,
      last_seen_seconds: silent,
    }) => [
      ...[
        node_id,
        scope,
        name,
        listens,
        waits === undefined ? progress : `${progress}, waits`,
        online ? 'yes' : 'no',
        orDash(last_seen_at && utc(last_seen_at)),
      ],
      silent === null ? '-' : age(silent),
    ],
  ),
});
