import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Bench } from '../src/bench';
import { BODY, SECRET, bothEnds, messagesPerSecond } from '../src/channel-ends';

const FIVE_MINUTES = 300;

/** A webhook signed at one end and verified at the other. */
export const bench: Bench = {
  name: 'channel',
  takesSeconds: 10,
  takesQuickly: 2,
  async run(benches) {
    const { sender, receiver } = bothEnds();
    const ours = async (): Promise<void> => {
      const [, { headers }] = await sender.webhook('https://plugin.example/webhooks', { id: newId(), body: BODY });
      await receiver.webhook({ headers, body: BODY });
    };
    const against_what = `bare node:crypto: HMAC-SHA256 by Standard Webhooks over ${BODY.length} bytes, signed, read and compared, its time looked at; knows one key, no limits of size and no duplicates`;
    return messagesPerSecond(benches, { ours, bare }, { name: 'channel', reach: 0.8, against_what });
  },
};

const newId = (): string => `msg_${randomBytes(12).toString('base64url')}`;

const macOf = (id: string, timestamp: string): Buffer =>
  createHmac('sha256', SECRET).update(`${id}.${timestamp}.`).update(BODY).digest();

function bare(): void {
  const id = newId();
  const timestamp = `${Math.floor(Date.now() / 1_000)}`;
  const signature = `v1,${macOf(id, timestamp).toString('base64')}`;
  verifyBare({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature });
}

function verifyBare(headers: Record<string, string>): void {
  const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '', 'webhook-signature': signature = '' } = headers;
  const given = Buffer.from(signature.slice('v1,'.length), 'base64');
  const isNow = Math.abs(Date.now() / 1_000 - Number(timestamp)) < FIVE_MINUTES;
  if (!isNow || !timingSafeEqual(given, macOf(id, timestamp))) throw new Error('a good signature is refused');
}
