import { isTag } from '@plexsphere/wire';
import { command } from '../../command';
import { misuse } from '../../failure';
import { oneRow } from '../../render';
import { checkReference, NODE_FLAGS, referenceOf, writtenReference } from './reference';

const TAG = {
  value: 'tag',
  repeatable: true,
  accepts: isTag,
  expected: 'at most 63 letters, digits, dots, dashes or _, beginning with a letter or a digit',
} as const;

export const tagNode = command({
  path: ['node', 'tag'],
  about: `Tags are what operators call several Nodes by: edge list and fleet runs find them so. A Node has 16 at most, and is told
    nothing of them.`,
  flags: {
    ...NODE_FLAGS,
    add: { ...TAG, summary: 'it has from now on' },
    remove: { ...TAG, summary: 'it has no more' },
  },
  examples: [
    'plexctl node tag --scope platform --name edge-7 --add prod --add eu',
    'plexctl node tag --node-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --remove prod',
  ],
  asks: 'bus',
  check(flags) {
    checkReference(flags);
    if (flags.add.length + flags.remove.length === 0) throw misuse('--add or --remove is required', 'add');
  },

  async run({ flags, bus }) {
    const { add, remove } = flags;
    const ifUnknown = 'plexctl edge list shows the tags of each';
    const request = { ...referenceOf(flags), add: [...add], remove: [...remove] };
    const document = await bus.change('node.tag', request, `${ifUnknown} (${writtenReference(flags)})`);
    const { node_id, scope, name, tags } = document;
    return { text: oneRow({ node_id, scope, name, tags: tags.join(',') || '-' }), document };
  },
});
