import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Bench } from '../src/bench';
import { BODY, BODY_AS_IT_COMES, SECRET, bothEnds, messagesPerSecond } from '../src/channel-ends';

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
      await receiver.webhook({ headers, body: BODY_AS_IT_COMES });
    };
    const against_what = `bare node:crypto: HMAC-SHA256 by Standard Webhooks over ${BODY.length} bytes, signed, read, each of the signatures that the header may have compared in constant time, its time looked at; both make an id at random, and verify bytes as HTTP brings them. It knows one key that stands ready, header names in lower case alone, no limits of size, and remembers no id: ours knows a hundred thousand, for duplicates`;
    return messagesPerSecond(benches, { ours, bare }, { name: 'channel', reach: 0.8, against_what });
  },
};

const newId = (): string => `msg_${randomBytes(12).toString('base64url')}`;

const macOf = (id: string, timestamp: string, body: string | Buffer): Buffer =>
  createHmac('sha256', SECRET).update(`${id}.${timestamp}.`).update(body).digest();

function bare(): void {
  const id = newId();
  const timestamp = `${Math.floor(Date.now() / 1_000)}`;
  const signature = `v1,${macOf(id, timestamp, BODY).toString('base64')}`;
  verifyBare({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature });
}

function verifyBare(headers: Record<string, string>): void {
  const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '', 'webhook-signature': signatures = '' } = headers;
  const isNow = Math.abs(Date.now() / 1_000 - Number(timestamp)) < FIVE_MINUTES;
  const expected = macOf(id, timestamp, BODY_AS_IT_COMES);
  const isExpected = (signature: string): boolean => {
    if (!signature.startsWith('v1,')) return false;
    const given = Buffer.from(signature.slice('v1,'.length), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  if (!isNow || !signatures.split(' ').some(isExpected)) throw new Error('a good signature is refused');
}
