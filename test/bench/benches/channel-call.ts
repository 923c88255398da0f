import { createHash, randomBytes } from 'node:crypto';
import { ChannelReceiver, ChannelSender } from '@plexsphere/channel';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import type { Bench } from '../src/bench';
import { BODY, SCOPE, SECRET, keysFor } from '../src/channel-ends';
import { compared } from '../src/row';
import { perSecond } from '../src/repeated';

const URL_OF_CALL = 'https://plugin.example/orders?of=today';
const KEY_ID = 'key-20260101';
const FIELDS = ['@method', '@path', '@query', 'content-digest'];

/** A call signed at one end and verified at the other. */
export const bench: Bench = {
  name: 'channel-call',
  takesSeconds: 10,
  takesQuickly: 3,
  async run(benches) {
    await benches.alone();
    const sender = new ChannelSender({ scope: SCOPE, keys: keysFor('sign') });
    const receiver = new ChannelReceiver({ scope: SCOPE, keys: keysFor('verify') });
    const ours = async (): Promise<void> => {
      const [, { headers }] = await sender.call(URL_OF_CALL, { method: 'POST', body: BODY });
      await receiver.call({ method: 'POST', target: '/orders?of=today', headers, body: BODY });
    };
    const ms = benches.quick ? 200 : 400;
    const contestants = { ours: () => perSecond(ms, ours), peer: () => perSecond(ms, bare) };
    await contestants.ours();
    await contestants.peer();
    const rates = await benches.rounds(contestants, { full: 11, quick: 5 });
    const against_what = `bare http-message-signatures 1.0.6 (hmac-sha256) over the same components and parameters, and ${BODY.length} bytes whose digest is made and compared by hand; knows one key and no replays`;
    const told = { name: 'channel-call', unit: 'per s of CPU', better: 'higher', reach: 0.9, against_what } as const;
    return [compared(told, rates.ours, rates.peer)];
  },
};

const digestOf = (body: string): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

const signer = createSigner(SECRET, 'hmac-sha256', KEY_ID);
const verifier = { id: KEY_ID, algs: ['hmac-sha256'], verify: createVerifier(SECRET, 'hmac-sha256') };

/** As its README has it. */
async function bare(): Promise<void> {
  const created = new Date();
  const paramValues = {
    ...{ created, expires: new Date(created.getTime() + 300_000), tag: 'bench' },
    nonce: randomBytes(18).toString('base64url'),
  };
  const params = ['created', 'expires', 'nonce', 'keyid', 'tag'];
  const request = { method: 'POST', url: URL_OF_CALL, headers: { 'content-digest': digestOf(BODY) } };
  const signed = await httpbis.signMessage({ key: signer, name: 'k1', fields: FIELDS, params, paramValues }, request);
  const keyLookup = async ({ keyid }: { keyid?: string }) => (keyid === KEY_ID ? verifier : null);
  const isGood = await httpbis.verifyMessage({ keyLookup, requiredFields: FIELDS, maxAge: 300 }, signed);
  const { 'content-digest': digest } = signed.headers as Record<string, string>;
  if (isGood !== true || digest !== digestOf(BODY)) throw new Error('a good signature is refused');
}
