import { createHash } from 'node:crypto';
import type { ChannelKey, ChannelLogger } from './channel-keys';

/** Says which keys of a ring are held, by their ids, whenever they are others than before; of secrets nothing. */
export class KeyLog {
  /** Ring → what was told of it last. */
  private readonly told = new Map<string, string>();

  constructor(private readonly logger: ChannelLogger | undefined) {}

  loaded(scope: string, keys: readonly ChannelKey[]): void {
    const fingerprint = fingerprintOf(keys);
    const isNews = this.told.has(scope) ? this.told.get(scope) !== fingerprint : keys.length > 0;
    if (!isNews) return;
    this.told.set(scope, fingerprint);
    this.logger?.info({ scope, kids: keys.map(({ keyId }) => keyId) }, 'channel keys loaded');
  }

  failed(scope: string, reason: string): void {
    this.logger?.warn({ scope, reason }, 'channel keys could not be read');
  }
}

/** By it a secret that changed under its id is seen, too. */
function fingerprintOf(keys: readonly ChannelKey[]): string {
  const hash = createHash('sha256');
  for (const { keyId, use, verifiesUntil, secret } of keys)
    hash.update(JSON.stringify([keyId, use, verifiesUntil, secret.length])).update(secret);
  return hash.digest('base64');
}

/** A word by which to look for it. Messages of others may quote what they could not read. */
export function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : 'failed';
}
