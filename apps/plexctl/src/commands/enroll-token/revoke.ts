import { command } from '../../command';
import { oneRow, utc } from '../../render';
import { MESH_SCOPE_FLAG, UUID_FLAG } from '../flag-definitions';

export const revokeEnrollToken = command({
  path: ['enroll-token', 'revoke'],
  about: `Revokes an enrolment token for good. plexctl enroll-token list shows the ids. A Node that has registered with it
    stays: plexctl node remove is for that.`,
  flags: {
    id: { ...UUID_FLAG, summary: 'of the token', required: true },
    scope: {
      ...MESH_SCOPE_FLAG,
      required: false,
      summary: 'its scope; who may act in some scopes only has to name it',
    },
  },
  examples: ['plexctl enroll-token revoke --id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1'],
  asks: 'bus',

  async run({ flags: { id, scope }, bus, terminal }) {
    const document = await bus.change('enroll-token.revoke', { id, ...(scope && { scope }) }, IF_UNKNOWN);
    const { node_id, revoked_at } = document;
    if (node_id !== null) terminal.note(`Node ${node_id} has registered with it, and stays: plexctl node remove`);
    return { text: oneRow({ id, scope: document.scope, revoked_at: utc(revoked_at) }), document };
  },
});

const IF_UNKNOWN = 'plexctl enroll-token list shows whether it is revoked';
