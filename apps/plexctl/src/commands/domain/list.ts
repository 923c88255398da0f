import { command } from '../../command';
import { utc } from '../../render';

export const listDomains = command({
  path: ['domain', 'list'],
  about: `Lists the Domains that you may see: the key that signs, whether a rotation is open, and how many Nodes are
    enrolled.`,
  flags: {},
  examples: ['plexctl domain list', 'plexctl domain list --output json'],
  asks: 'bus',

  async run({ bus }) {
    const document = await bus.ask('domain.list', {});
    const rows = document.domains.map(({ id, active_key_id, open, nodes, created_at }) => [
      ...[id, active_key_id, open ? 'open' : 'none', String(nodes), utc(created_at)],
    ]);
    return { text: { columns: ['ID', 'ACTIVE_KEY_ID', 'ROTATION', 'NODES', 'CREATED_AT'], rows }, document };
  },
});
