import { createPublicKey, verify } from 'node:crypto';
import { envelopeBy, testKey } from '@plexsphere/testkit';
import { NonceMemory, parseEnvelope, verifyEnvelope } from '@plexsphere/wire';
import type { Bench } from '../src/bench';
import { PAYLOAD } from '../src/envelopes';
import { cpuMsEach } from '../src/repeated';
import { compared } from '../src/row';

const ENVELOPES = 1_000;
const WARM = 3;
const SCOPE = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

/** An envelope as a Node takes it: read, its canonical text built, verified, its time and its nonce looked at. */
export const bench: Bench = {
  name: 'verify',
  takesSeconds: 8,
  takesQuickly: 3,
  async run(benches) {
    await benches.alone();
    const key = testKey('k1');
    const now = new Date();
    const texts = Array.from({ length: ENVELOPES }, () => envelopeBy(key, SCOPE, now, { payload: PAYLOAD }));
    const keys = [{ keyId: key.keyId, publicKey: key.privateKey.publicKey }];
    const spki = Buffer.concat([ED25519_SPKI, Buffer.from(String(key.privateKey.publicKey.jwk['x']), 'base64url')]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const signed = texts.map((text) => {
      const { canonical, signature } = parseEnvelope(text);
      return { bytes: Buffer.from(canonical), signature: signature ?? Buffer.alloc(0) };
    });
    const ours = (): void => {
      const nonces = new NonceMemory();
      for (const text of texts) verifyEnvelope(parseEnvelope(text), keys, now, nonces);
    };
    const bare = (): void => {
      for (const { bytes, signature } of signed)
        if (!verify(null, bytes, publicKey, signature)) throw new Error('a good signature is refused');
    };
    const rate = async (work: () => void): Promise<number> => (1_000 * ENVELOPES) / (await cpuMsEach(1, work));
    // As in chain: until the engine has made its best code of either.
    for (let warm = 0; warm < WARM; warm++) {
      ours();
      bare();
    }
    const rates = await benches.rounds({ ours: () => rate(ours), peer: () => rate(bare) }, { full: 31, quick: 9 });
    const against_what =
      'bare node:crypto: verifies bytes that stand ready, by a key that stands ready; reads no JSON, builds no canonical text, looks at no time and no nonce';
    const told = { name: 'verify', unit: 'per s of CPU', better: 'higher', reach: 0.9, against_what } as const;
    return [compared(told, rates.ours, rates.peer)];
  },
};

/** What stands before the 32 bytes of such a key (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
