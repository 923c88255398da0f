import { ChannelError } from '../channel-error';
import { MIN_SECRET_BYTES, isLongEnough } from '../mac';
import { oppositeOf } from '../ring';
import type { ChannelKey, ChannelKeys, ChannelLogger } from './channel-keys';
import { KeyCache } from './key-cache';
import { KeyLog } from './key-log';
import { checkTextOptions, keysOfText, type KeyTextOptions } from './key-text';
import { readTimes, type KeyTimes } from './key-times';

export interface CachedKeysOptions {
  /** The one ring that is read there. */
  scope: string;
  logger?: ChannelLogger | undefined;
  times?: Partial<KeyTimes> | undefined;
}

/** A function that reads keys: of a secrets manager, say. It is asked again when they are old. */
export type ReadKeysOptions = CachedKeysOptions &
  (
    | (KeyTextOptions & { read: () => Promise<string> })
    | { read: () => Promise<readonly ChannelKey[]>; format?: undefined }
  );

/**
 * Keys that a function reads, as a text or as they are.
 * @throws ChannelError
 */
export function readKeys(options: ReadKeysOptions): ChannelKeys {
  if (options.format === undefined) return cachedKeys(options, { read: async () => checked(await options.read()) });
  checkTextOptions(options);
  return cachedKeys(options, { read: async () => keysOfText(await options.read(), options) });
}

export function cachedKeys(
  { scope, logger, times }: CachedKeysOptions,
  from: { read(): Promise<readonly ChannelKey[]>; hasChanged?(): Promise<boolean> },
): ChannelKeys {
  oppositeOf(scope);
  return new KeyCache({ scope, ...from }, readTimes(times), new KeyLog(logger));
}

/** @throws ChannelError `secret_too_short` */
export function checked(keys: readonly ChannelKey[]): readonly ChannelKey[] {
  if (keys.every(({ secret }) => isLongEnough(secret))) return keys;
  throw new ChannelError('secret_too_short', `a secret has to be of ${MIN_SECRET_BYTES} bytes or more`);
}
