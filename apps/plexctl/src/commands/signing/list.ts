import { command } from '../../command';

export const listRings = command({
  path: ['signing', 'list'],
  about: `Lists the key rings that you may see: the epoch, the key that signs, whether a rotation is open, and how many
    Nodes are enrolled.`,
  flags: {},
  examples: ['plexctl signing list'],
  asks: 'bus',

  async run({ bus }) {
    const document = await bus.ask('signing.list', {});
    const rows = document.rings.map(({ scope, epoch, active_key_id, open, nodes }) => [
      ...[scope, String(epoch), active_key_id, open ? 'open' : 'none', String(nodes)],
    ]);
    return { text: { columns: ['SCOPE', 'EPOCH', 'ACTIVE_KEY_ID', 'ROTATION', 'NODES'], rows }, document };
  },
});
