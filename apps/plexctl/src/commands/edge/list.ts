import type { EdgeNode } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { orDash } from '../../layout';
import { utc, type Table } from '../../render';
import { TARGET_FLAG, targetsOf } from '../fleet/targets';
import { MESH_SCOPE_FLAG } from '../flag-definitions';

export const listEdge = command({
  path: ['edge', 'list'],
  about: `Lists the enrolled Nodes that you may see, with the tags by which a fleet run finds them, the generation and the
    fingerprint of each one's key, and when its token ends. A Node without a generation has no Node key: its credential does
    not expire until edge enroll --adopt gives it one, or it listens over HTTP. Overdue: the policy wants another key by now.
    Contested: a key that was replaced is in use, so somebody has a copy; revoke that Node, and enrol its host anew.`,
  flags: { target: TARGET_FLAG, scope: { ...MESH_SCOPE_FLAG, required: false } },
  examples: ['plexctl edge list', 'plexctl edge list --target tags.any=prod,edge --output json'],
  asks: 'bus',

  async run({ flags: { target, scope }, bus }) {
    const nodes: EdgeNode[] = [];
    const asked = { ...(target.length > 0 && { targets: targetsOf(target) }), ...(scope && { scope }) };
    let after: string | undefined;
    do {
      const page = await bus.ask('edge.list', { ...asked, ...(after && { after }) });
      nodes.push(...page.nodes);
      after = page.next;
    } while (after !== undefined);
    return { text: tableOf(nodes), document: { nodes } };
  },
});

const tableOf = (nodes: readonly EdgeNode[]): Table => ({
  columns: ['NODE_ID', 'SCOPE', 'NAME', 'TAGS', 'GENERATION', 'KEY_FINGERPRINT', 'TOKEN_EXPIRES', 'KEY', 'ONLINE'],
  rows: nodes.map((node) => [
    ...[node.node_id, node.scope, node.name, node.tags.join(',') || '-'],
    ...[orDash(node.generation?.toString()), orDash(node.key_fingerprint)],
    ...[orDash(node.token_expires_at && utc(node.token_expires_at)), keyText(node), node.online ? 'yes' : 'no'],
  ]),
});

const keyText = ({ generation, contested_since: contested, overdue }: EdgeNode): string => {
  if (contested !== null) return `contested since ${utc(contested)}`;
  return overdue ? 'overdue' : generation === null ? '-' : 'good';
};
