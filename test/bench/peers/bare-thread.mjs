// One thread that builds canonical texts and signs them with node:crypto: nobody asks it over a bus, nothing is parsed or
// answered, and no lease, field or size is looked at.
import { Buffer } from 'node:buffer';
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const { privateKey: der } = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
});
const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
const HTML = /[<>&\u2028\u2029]/g;
const escapeHtml = (text) => text.replace(HTML, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

function envelopeOf({ scope, issued_at }, { event_type, event_id, nonce, payload }) {
  const text = escapeHtml(JSON.stringify({ event_type, event_id, issued_at, nonce, payload: JSON.parse(payload) }));
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64');
  return `${text.slice(0, -1)},"scope":"${scope}","key_id":"k1","signature":"${signature}"}`;
}

const BATCH = 100;

process.on('message', ({ ms, scope, event_type, payload }) => {
  const beganAt = performance.now();
  let [count, bytes] = [0, 0];
  while (performance.now() - beganAt < ms) {
    const shared = { scope, issued_at: new Date().toISOString() };
    for (let each = 0; each < BATCH; each++, count++) {
      bytes += envelopeOf(shared, { event_type, event_id: randomUUID(), nonce: randomUUID(), payload }).length;
    }
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  process.send({ perSecond: count / seconds, bytesEach: bytes / count });
});
