import { command } from '../../command';
import { CLIENT_ID_FLAG, ISSUER_FLAG } from './client-flags';
import { clientTable } from './client-rows';

export const showClient = command({
  path: ['client', 'show'],
  about: 'Shows one client: what its tokens may be for, and since when its secrets, or which keys, are valid.',
  flags: { scope: ISSUER_FLAG, 'client-id': CLIENT_ID_FLAG },
  examples: ['plexctl client show --scope issuer:acme --client-id billing --output json'],
  asks: 'bus',

  async run({ flags, bus }) {
    const document = await bus.ask('client.show', { scope: flags.scope, client_id: flags['client-id'] });
    return { text: clientTable([document]), document };
  },
});
