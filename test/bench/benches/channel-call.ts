import { createHash, randomBytes } from 'node:crypto';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import type { Bench } from '../src/bench';
import { BODY, KEY_ID, SECRET, bothEnds, messagesPerSecond } from '../src/channel-ends';

const URL_OF_CALL = 'https://plugin.example/orders?of=today';
const FIELDS = ['@method', '@path', '@query', 'content-digest'];

/** A call signed at one end and verified at the other. */
export const bench: Bench = {
  name: 'channel-call',
  takesSeconds: 10,
  takesQuickly: 2,
  async run(benches) {
    const { sender, receiver } = bothEnds();
    const ours = async (): Promise<void> => {
      const [, { headers }] = await sender.call(URL_OF_CALL, { method: 'POST', body: BODY });
      await receiver.call({ method: 'POST', target: '/orders?of=today', headers, body: BODY });
    };
    const against_what = `bare http-message-signatures 1.0.6 (hmac-sha256) over the same components and parameters, and ${BODY.length} bytes whose digest is made and compared by hand; reads any spelling by the whole grammar, knows one key, no limits of size and no replays`;
    return messagesPerSecond(benches, { ours, bare }, { name: 'channel-call', reach: 0.9, against_what });
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
