import type { ChannelRing } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { misuse } from '../../failure';
import type { Table } from '../../render';
import { SIDE_FLAG, SLUG_FLAG } from './channel-flags';

export const createChannel = command({
  path: ['channel', 'create'],
  about: `Makes both rings of a channel, each with a first secret: channel:<slug>:<a>-to-<b> by which side a signs and side b
    verifies, and the other way round. Signers make the secrets, and nobody holds them before the first members come:
    plexctl channel add-member.`,
  flags: {
    slug: SLUG_FLAG,
    side: { ...SIDE_FLAG, repeatable: true, member: 'sides', summary: 'one of the two services; given twice' },
  },
  examples: ['plexctl channel create --slug payments --side web --side bank'],
  asks: 'bus',

  check({ side }) {
    if (side.length !== 2) throw misuse('--side is to be given twice', 'sides', 'a channel has two ends: web, bank');
    if (side[0] === side[1]) throw misuse('the two sides are the same', 'sides', 'name the two services');
  },

  async run({ flags: { slug, side }, bus, terminal }) {
    const ifUnknown = `plexctl channel show --slug ${slug} shows it if it was made`;
    const document = await bus.change('channel.create', { slug, sides: [...side] }, ifUnknown);
    for (const each of side) {
      terminal.note(
        `nobody is at side ${each} so far: plexctl channel add-member --slug ${slug} --side ${each} --name <name> --out <file>`,
      );
    }
    return { text: ringTable(document.rings), document };
  },
});

export const ringTable = (rings: readonly ChannelRing[]): Table => ({
  columns: ['SCOPE', 'EPOCH', 'ACTIVE_KEY_ID'],
  rows: rings.map(({ scope, epoch, active_key_id }) => [scope, String(epoch), active_key_id]),
});
