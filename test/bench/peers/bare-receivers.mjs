// Receivers that do with a message what a Node cannot do without: three verifies by node:crypto and one synced file, then
// the answer. A connection for each, as Nodes have it; no trust, no order, no position.
import { createPublicKey, verify } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { connect } from 'nats';

const now = () => performance.timeOrigin + performance.now();
let doneAt = [];

async function receiver(index, { natsUrl, folder, publicKey }) {
  const bus = await connect({ servers: natsUrl });
  const file = join(folder, `${index}`);
  bus.subscribe(`bare.${index}`, {
    callback: async (_, message) => {
      const { texts, signatures } = message.json();
      const isGood = texts.every((text, at) =>
        verify(null, Buffer.from(text), publicKey, Buffer.from(signatures[at], 'base64')),
      );
      if (!isGood) throw new Error('not signed');
      const handle = await open(file, 'w', 0o600);
      await handle.write(message.data);
      await handle.sync();
      await handle.close();
      doneAt.push(now());
      bus.publish('bare.done', `${index}`);
    },
  });
  await bus.flush();
}

const answers = {
  async begin({ natsUrl, folder, indexes, publicKey: text }) {
    await mkdir(folder, { recursive: true });
    const publicKey = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    const left = [...indexes];
    const some = async () => {
      for (let index = left.pop(); index !== undefined; index = left.pop())
        await receiver(index, { natsUrl, folder, publicKey });
    };
    await Promise.all(Array.from({ length: 32 }, some));
  },
  async done() {
    const all = doneAt;
    doneAt = [];
    return all;
  },
};

process.on('message', async (question) => {
  const [name, argument] = Object.entries(question)[0];
  process.send({ answer: await answers[name](argument) });
});
