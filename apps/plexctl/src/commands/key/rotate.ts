import { command, type Values } from '../../command';
import { misuse } from '../../failure';
import { plural } from '../../layout';
import { oneRow, utc } from '../../render';
import { MESH_SCOPE_FLAG, UUID_FLAG } from '../flag-definitions';

const FLAGS = {
  node: { ...UUID_FLAG, member: 'node_id', summary: 'one Node, by its id' },
  scope: {
    ...MESH_SCOPE_FLAG,
    required: false,
    summary: 'every Node of a scope; beside --node, the scope that it is in',
  },
} as const;

export const rotateKeys = command({
  path: ['key', 'rotate'],
  about: `Asks a Node, or all of a scope, for a new WireGuard key: the answer to its heartbeats says so until it has posted
    one, which its peers are told. The Nodes of a scope are asked one after the other, for each tells all its peers. This is
    the key of a Node's tunnels; plexctl signing rotate changes the one that signs what Nodes are told. Node and scope are
    asked for over the bus: --server is accepted and not used.`,
  flags: FLAGS,
  examples: [
    'plexctl key rotate --node 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
    'plexctl key rotate --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
  ],
  asks: 'bus',
  check: checkNamed,

  async run({ flags: { node, scope }, bus, terminal }) {
    const request = { ...(node === undefined ? {} : { node_id: node }), ...(scope === undefined ? {} : { scope }) };
    const reply = await bus.change(
      'key.rotate',
      request,
      'plexctl node show says whether a Node is asked for a new key',
    );
    if (reply.nodes === 0) terminal.note('nobody is asked by this: those who have such a key are asked already');
    const { nodes, asked_until: until } = reply;
    const document = { ...request, nodes, asked_until: until };
    const row = { ...request, asked: plural(nodes, 'Node'), asked_until: until === null ? '-' : utc(until) };
    return { text: oneRow(row), document };
  },
});

function checkNamed({ node, scope }: Values<typeof FLAGS>): void {
  if (node !== undefined || scope !== undefined) return;
  throw misuse('--node or --scope is required', 'node_id', 'plexctl node list shows the Nodes');
}
