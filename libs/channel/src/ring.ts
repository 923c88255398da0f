/** The names of a channel's two rings: `channel:<slug>:<a>-to-<b>` is what a signs and b verifies. */
import { parseScope } from '@plexsphere/wire';
import { ChannelError } from './channel-error';

/**
 * The ring of the other direction.
 * @throws ChannelError `option_invalid` for what names no ring of a channel
 */
export function oppositeOf(scope: string): string {
  const parsed = parseScope(scope);
  if (parsed?.kind !== 'channel')
    throw new ChannelError('option_invalid', 'scope has to be one direction, channel:<slug>:<a>-to-<b>');
  return `channel:${parsed.slug}:${parsed.to}-to-${parsed.from}`;
}
