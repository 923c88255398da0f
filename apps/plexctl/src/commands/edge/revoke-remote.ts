import { command, type Values } from '../../command';
import { NOT_CUT_YET } from '../../hints';
import { oneRow, utc } from '../../render';
import { REASON_FLAG } from '../flag-definitions';
import { checkReference, NODE_FLAGS, referenceOf, writtenReference } from '../node/reference';

const FLAGS = { ...NODE_FLAGS, reason: { ...REASON_FLAG, required: true } } as const;

export const revokeRemote = command({
  path: ['edge', 'keys', 'revoke-remote'],
  about: `For a host that is lost, stolen, or somebody else's by now. The Node is revoked: its keys are nobody's any more, its
    connection to the bus is cut, a stream over HTTP ends within a second, and no rotation waits for it. Its agent is told
    why, and stops. Wherever the host is, what it holds stays on its disk, and is worth nothing.

    It comes back by plexctl edge enroll with a new token alone, as another Node. Of a host at hand, plexctl edge logout
    leaves nothing behind.`,
  flags: FLAGS,
  operand: 'node-id',
  examples: [
    'plexctl edge keys revoke-remote 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --reason lost',
    'plexctl edge keys revoke-remote --scope platform --name edge-7 --reason stolen',
  ],
  asks: 'bus',
  onBus: 'edge.revoke',
  check: (flags: Values<typeof FLAGS>) => checkReference(flags),

  async run({ flags, bus, terminal }) {
    const ifUnknown = `plexctl node show ${writtenReference(flags)} shows whether it is revoked`;
    const document = await bus.change('edge.revoke', { ...referenceOf(flags), reason: flags.reason }, ifUnknown);
    const { node_id, scope, name, revoked_at, pushed } = document;
    if (!pushed) terminal.note(NOT_CUT_YET);
    return { text: oneRow({ node_id, scope, name, revoked_at: utc(revoked_at) }), document };
  },
});
