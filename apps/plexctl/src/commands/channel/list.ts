import { channelDirection } from '@plexsphere/wire';
import type { ChannelSummary } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { orDash } from '../../layout';
import { utc } from '../../render';

export const listChannels = command({
  path: ['channel', 'list'],
  about: `Lists the channels that you may see, a row a direction: how many members sign and verify by it, the key that signs,
    and how its latest rotation stands: staged, active, closed, rolled_back or revoked.`,
  flags: {},
  examples: ['plexctl channel list', 'plexctl channel list --output json'],
  asks: 'bus',

  async run({ bus }) {
    const document = await bus.ask('channel.list', {});
    const columns = ['SCOPE', 'SENDERS', 'RECEIVERS', 'EPOCH', 'ACTIVE_KEY_ID', 'ROTATION', 'CREATED_AT'];
    return { text: { columns, rows: document.channels.flatMap(rowsOf) }, document };
  },
});

function rowsOf({ sides, members, rings, created_at: createdAt }: ChannelSummary): string[][] {
  const at = (side: string | undefined): string => String(members[sides.indexOf(side ?? '')] ?? 0);
  return rings.map(({ scope, epoch, active_key_id: keyId, phase }) => {
    const direction = channelDirection(scope);
    return [scope, at(direction?.from), at(direction?.to), String(epoch), keyId, orDash(phase), utc(createdAt)];
  });
}
