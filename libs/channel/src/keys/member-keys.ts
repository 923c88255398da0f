import type { ChannelKey, ChannelKeys, ChannelLogger } from './channel-keys';
import { KeyLog, reasonOf } from './key-log';
import { checked } from './read-keys';

/** What holds the secrets of a channel's member and hears of changes: a NodeClient of @plexsphere/node-sdk. */
export interface ChannelMember {
  /** Newest first; none of a ring that it has no part in. */
  keysFor(scope: string): readonly ChannelKey[] | Promise<readonly ChannelKey[]>;
  onChange(listener: () => void): unknown;
}

/** Keys that are pushed to this process: what the member holds is what there is, and nothing is read again. */
export function memberKeys(
  member: ChannelMember,
  { logger }: { logger?: ChannelLogger | undefined } = {},
): ChannelKeys {
  const log = new KeyLog(logger);
  /** Those that this process has asked for. */
  const rings = new Set<string>();
  const keysFor = async (scope: string): Promise<readonly ChannelKey[]> => {
    const keys = checked(await member.keysFor(scope));
    if (!rings.has(scope)) log.loaded(scope, keys);
    rings.add(scope);
    return keys;
  };
  member.onChange(() => {
    for (const scope of rings)
      keysFor(scope).then(
        (keys) => log.loaded(scope, keys),
        (error: unknown) => log.failed(scope, reasonOf(error)),
      );
  });
  return { keysFor, keysAgain: keysFor };
}
