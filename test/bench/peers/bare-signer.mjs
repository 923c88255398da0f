// A responder on the bus, and nothing else: it parses what it is asked, builds the same canonical text, signs it with
// node:crypto and answers. It looks at no field, lease or epoch, and all who ask wait in one line.
import { Buffer } from 'node:buffer';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { TextDecoder } from 'node:util';
import { connect, credsAuthenticator } from 'nats';

const { privateKey: der } = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
});
const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
const utf8 = new TextDecoder();
const HTML = /[<>&\u2028\u2029]/g;
const escapeHtml = (text) => text.replace(HTML, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As encoding/json of Go writes it: JSON.stringify, but for five characters. */
function envelopeOf({ scope, event_type, event_id, issued_at, nonce, payload }) {
  const fields = { event_type, event_id, issued_at, nonce, payload: JSON.parse(payload) };
  const text = escapeHtml(JSON.stringify(fields));
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64');
  return `${text.slice(0, -1)},"scope":"${scope}","key_id":"k1","signature":"${signature}"}`;
}

process.once('message', async ({ url, creds, inboxPrefix, subject }) => {
  const authenticator = credsAuthenticator(readFileSync(creds));
  const bus = await connect({ servers: url, authenticator, inboxPrefix });
  bus.subscribe(subject, {
    callback: (_, message) => {
      const envelope = envelopeOf(JSON.parse(utf8.decode(message.data)));
      message.respond(JSON.stringify({ envelope, key_id: 'k1' }));
    },
  });
  await bus.flush();
  process.send('ready');
});
