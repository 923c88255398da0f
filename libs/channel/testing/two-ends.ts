import { createHash } from 'node:crypto';
import { ChannelReceiver, ChannelSender, type ChannelKey, type ChannelKeys, type ChannelReceiverOptions } from '../src';
import type { IncomingCall, IncomingWebhook, SignedInit } from '../src';

export const SCOPE = 'channel:chat:app-to-plugin';
export const OPPOSITE = 'channel:chat:plugin-to-app';
export const URL_OF_CALL = 'https://plugin.example/orders?state=open';

/** Of one id always the same one. */
export const secretOf = (keyId: string): Buffer => createHash('sha256').update(keyId).digest();

export const keyOf = (keyId: string, use: ChannelKey['use'], changes: Partial<ChannelKey> = {}): ChannelKey => ({
  ...{ keyId, secret: secretOf(keyId), use, verifiesUntil: null },
  ...changes,
});

/** Keys as a spec has them at the moment. */
export class RingKeys implements ChannelKeys {
  asked: string[] = [];
  /** What stands there when it is read again. */
  later: Record<string, readonly ChannelKey[]> | undefined;

  constructor(public rings: Record<string, readonly ChannelKey[]>) {}

  async keysFor(scope: string): Promise<readonly ChannelKey[]> {
    return this.rings[scope] ?? [];
  }

  keysAgain(scope: string): Promise<readonly ChannelKey[]> {
    this.asked.push(scope);
    this.rings = this.later ?? this.rings;
    return this.keysFor(scope);
  }
}

/** A sender and a receiver of one direction, with these keys, newest first; and what they tell. */
export function twoEnds(
  { signs = ['k1'], verifies = ['k1'] }: { signs?: readonly string[]; verifies?: readonly string[] } = {},
  options: Partial<ChannelReceiverOptions> = {},
) {
  const told: unknown[][] = [];
  const observer = {
    signed: (...what: unknown[]) => void told.push(['signed', ...what]),
    verified: (...what: unknown[]) => void told.push(['verified', ...what]),
    refused: (...what: unknown[]) => void told.push(['refused', ...what]),
  };
  const held = new RingKeys({
    [SCOPE]: verifies.map((keyId) => keyOf(keyId, 'verify')),
    // Of the same id as one of the other direction, as they are named by the day.
    [OPPOSITE]: [keyOf('of-the-other-direction', 'sign'), keyOf('k1', 'sign', { secret: secretOf('opposite k1') })],
  });
  const keys = new RingKeys({ [SCOPE]: signs.map((keyId) => keyOf(keyId, 'sign')) });
  const sender = new ChannelSender({ scope: SCOPE, keys, observer });
  const receiver = new ChannelReceiver({ scope: SCOPE, keys: held, observer, ...options });
  return { sender, receiver, held, told };
}

/** What arrives of what is sent. */
export const arrived = ([url, { method, headers, body = '' }]: [string, SignedInit]): IncomingCall => {
  const { pathname, search } = new URL(url);
  return { method, target: `${pathname}${search}`, headers, body };
};

export const changed = <Message extends IncomingWebhook>(
  message: Message,
  headers: Record<string, string | undefined>,
): Message => ({ ...message, headers: { ...message.headers, ...headers } });

/** By which reason it is refused. */
export const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: { reason?: string; code?: string }) => error.reason ?? error.code ?? String(error),
  );

/** How late a message arrives that was signed at a quarter past a second, and what becomes of it: it says whole seconds. */
export const AROUND_FIVE_MINUTES = [
  ['five minutes late', 5 * 60_000 - 250, 'taken'],
  ['later', 5 * 60_000 + 750, 'stale'],
  ['five minutes early', -5 * 60_000 + 750, 'taken'],
  ['earlier', -5 * 60_000 - 1_250, 'stale'],
] as const;
