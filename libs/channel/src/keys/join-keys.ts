import type { ChannelKey, ChannelKeys } from './channel-keys';

/** Sources of several rings as one: of each ring the first that has any keys. */
export function joinKeys(...sources: readonly ChannelKeys[]): ChannelKeys {
  const first = async (
    ask: (source: ChannelKeys) => Promise<readonly ChannelKey[]>,
  ): Promise<readonly ChannelKey[]> => {
    for (const source of sources) {
      const keys = await ask(source);
      if (keys.length > 0) return keys;
    }
    return [];
  };
  return {
    keysFor: (scope) => first((source) => source.keysFor(scope)),
    keysAgain: (scope) => first((source) => source.keysAgain(scope)),
  };
}
