import type { ChannelKeys } from '@plexsphere/channel';

export const SCOPE = 'channel:chat:app-to-plugin';
export const SECRET = Buffer.alloc(32, 7);
/** A kilobyte, as the usual webhook or call. */
export const BODY = JSON.stringify({ type: 'order.paid', text: 'x'.repeat(980) });

/** As a member of the channel holds them. */
export function keysFor(use: 'sign' | 'verify'): ChannelKeys {
  const keys = [{ keyId: 'key-20260101', secret: SECRET, use, verifiesUntil: null }];
  return { keysFor: async () => keys, keysAgain: async () => keys };
}
