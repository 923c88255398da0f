import { ChannelReceiver, ChannelSender, type ChannelKeys } from '@plexsphere/channel';
import type { BenchWorld } from './bench-world';
import { compared, type Row } from './row';
import { perSecond } from './repeated';

export const SECRET = Buffer.alloc(32, 7);
export const KEY_ID = 'key-20260101';
/** A kilobyte, as the usual webhook or call. */
export const BODY = JSON.stringify({ type: 'order.paid', text: 'x'.repeat(980) });
/** As it comes over HTTP, and as all adapters have it. */
export const BODY_AS_IT_COMES = Buffer.from(BODY);

const SCOPE = 'channel:chat:app-to-plugin';

/** As a member of the channel holds them. */
function keysFor(use: 'sign' | 'verify'): ChannelKeys {
  const keys = [{ keyId: KEY_ID, secret: SECRET, use, verifiesUntil: null }];
  return { keysFor: async () => keys, keysAgain: async () => keys };
}

/** Both ends of one direction in this process, with the memories that they have where nothing is said. */
export const bothEnds = (): { sender: ChannelSender; receiver: ChannelReceiver } => ({
  sender: new ChannelSender({ scope: SCOPE, keys: keysFor('sign') }),
  receiver: new ChannelReceiver({ scope: SCOPE, keys: keysFor('verify') }),
});

/** A message from the one end to the other, ours and bare, by turns and after both have run once. */
export async function messagesPerSecond(
  benches: BenchWorld,
  { ours, bare }: { ours: () => Promise<void>; bare: () => unknown },
  told: { name: string; reach: number; against_what: string },
): Promise<Row[]> {
  await benches.alone();
  const ms = benches.quick ? 200 : 400;
  const contestants = { ours: () => perSecond(ms, ours), peer: () => perSecond(ms, bare) };
  await contestants.ours();
  await contestants.peer();
  const rates = await benches.rounds(contestants, { full: 11, quick: 5 });
  return [compared({ ...told, unit: 'per s of CPU', better: 'higher' }, rates.ours, rates.peer)];
}
