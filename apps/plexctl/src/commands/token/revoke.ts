import { command } from '../../command';
import { oneRow, utc } from '../../render';
import { UUID_FLAG } from '../flag-definitions';
import { NOT_CUT_YET } from '../../hints';

export const revokeToken = command({
  path: ['token', 'revoke'],
  about: 'Revokes a token for good. plexctl token list shows the ids.',
  flags: { id: { ...UUID_FLAG, summary: 'of the token', required: true } },
  examples: ['plexctl token revoke --id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1'],
  asks: 'bus',

  async run({ flags: { id }, bus, terminal }) {
    const document = await bus.change('token.revoke', { id }, 'plexctl token list shows whether it is revoked');
    const { name, revoked_at, pushed } = document;
    if (!pushed) terminal.note(NOT_CUT_YET);
    return { text: oneRow({ id, name, revoked_at: utc(revoked_at) }), document };
  },
});
