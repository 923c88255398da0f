import { command } from '../../command';
import { oneRow, utc } from '../../render';
import { NOT_CUT_YET } from '../../hints';
import { checkReference, NODE_FLAGS, referenceOf, writtenReference } from './reference';

export const removeNode = command({
  path: ['node', 'remove'],
  about: `Removes a Node: its connection is ended, its bus credential is revoked, it gets nothing more and no rotation
    waits for it. There is no way back but to add it again.`,
  flags: NODE_FLAGS,
  examples: [
    'plexctl node remove --scope platform --name edge-7',
    'plexctl node remove --node-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
  ],
  asks: 'bus',
  check: checkReference,

  async run({ flags, bus, terminal }) {
    const ifUnknown = `plexctl node show ${writtenReference(flags)} shows whether it is still enrolled`;
    const document = await bus.change('node.remove', referenceOf(flags), ifUnknown);
    const { node_id, scope, name, removed_at, pushed } = document;
    if (!pushed) terminal.note(NOT_CUT_YET);
    return { text: oneRow({ node_id, scope, name, removed_at: utc(removed_at) }), document };
  },
});
