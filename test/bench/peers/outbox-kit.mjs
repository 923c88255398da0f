// What every peer of the outbox does with a row, whoever hands it over: has it signed, and publishes it with an
// acknowledgement. The same fields, the same signature over the same kind of text, the same subject and stream as ours; not
// signed by a process of its own, not after exactly what stood on the subject before.
import { generateKeyPairSync, createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import process from 'node:process';
import { connect, headers } from 'nats';

const EVENT_TYPE = 'route_updated';

/** A pair that lives for one run. Encoded as it is made: Node 20 can hang in the export of a key object. */
export function makeKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  });
  return { privateKey: privateKey.toString('base64'), publicKey: publicKey.toString('base64') };
}

export const openPrivateKey = (text) =>
  createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
export const openPublicKey = (text) =>
  createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });

/** The text that goes on the wire. */
export function signed(privateKey, { eventId, payload }) {
  const text =
    `{"event_type":"${EVENT_TYPE}","event_id":"${eventId}","issued_at":"${new Date().toISOString()}",` +
    `"nonce":"${randomUUID()}","payload":${payload}}`;
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64');
  return `${text.slice(0, -1)},"scope":"domain:bench","key_id":"bench-1","signature":"${signature}"}`;
}

const SIGNATURE = /,"scope":"[^"]*","key_id":"[^"]*","signature":"([^"]*)"\}$/;

/** The event id of what verifies. @throws Error */
export function verified(publicKey, text) {
  const [end, signature] = SIGNATURE.exec(text) ?? [];
  const canonical = `${text.slice(0, -(end?.length ?? 0))}}`;
  if (!verify(null, Buffer.from(canonical), publicKey, Buffer.from(signature ?? '', 'base64')))
    throw new Error('not signed');
  return JSON.parse(canonical).event_id;
}

/** Publishes what a Node is to hear; resolves when the stream has it. */
export async function openPublisher(natsUrl) {
  const bus = await connect({ servers: natsUrl });
  const stream = bus.jetstream();
  return async ({ nodeId, eventId }, text) => {
    const extra = headers();
    extra.set('Plexsphere-Kind', 'event');
    await stream.publish(`events.bus.${nodeId}`, text, {
      msgID: `${eventId}.${nodeId}.1`,
      headers: extra,
      timeout: 30_000,
    });
  };
}

/** Answers each question of the parent by one word: what `answers` has under its name. */
export function serve(answers) {
  process.on('message', (question) => {
    const [name, argument] = Object.entries(question)[0];
    Promise.resolve(answers[name](argument)).then(
      (answer) => process.send({ answer }),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
