import type { ClientView } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { ISSUER_FLAG } from './client-flags';
import { clientTable } from './client-rows';

export const listClients = command({
  path: ['client', 'list'],
  about: 'Lists the clients of an issuer by their ids. Their secrets nobody keeps.',
  flags: { scope: ISSUER_FLAG },
  examples: ['plexctl client list --scope issuer:acme', 'plexctl client list --scope issuer:acme --output json'],
  asks: 'bus',

  async run({ flags: { scope }, bus }) {
    const clients: ClientView[] = [];
    let after: string | undefined;
    do {
      const page = await bus.ask('client.list', { scope, ...(after === undefined ? {} : { after }) });
      clients.push(...page.clients);
      after = page.next;
    } while (after !== undefined);
    return { text: clientTable(clients), document: { clients } };
  },
});
