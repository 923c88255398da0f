import { command } from '../../command';
import { oneRow, utc } from '../../render';
import { CLIENT_ID_FLAG, ISSUER_FLAG } from './client-flags';

export const deleteClient = command({
  path: ['client', 'delete'],
  about: `Deletes a client of an issuer, with its secrets. Tokens that it has live on until they expire: who verifies them
    asks nobody.`,
  flags: { scope: ISSUER_FLAG, 'client-id': CLIENT_ID_FLAG },
  examples: ['plexctl client delete --scope issuer:acme --client-id billing'],
  asks: 'bus',

  async run({ flags, bus }) {
    const request = { scope: flags.scope, client_id: flags['client-id'] };
    const document = await bus.change('client.delete', request, 'plexctl client list shows whether it is gone');
    return { text: oneRow({ ...document, deleted_at: utc(document.deleted_at) }), document };
  },
});
