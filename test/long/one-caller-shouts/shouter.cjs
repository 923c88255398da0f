// A process of its own, so that whoever measures beside it is not slowed down by making the noise.
const { Buffer } = require('node:buffer');
const process = require('node:process');
const { setTimeout: delay } = require('node:timers/promises');
const { connect, credsAuthenticator } = require('nats');

const EVERY_MS = 20;

process.once('message', async ({ url, viewer, node, command, shouts, ackSubject, ack }) => {
  const dial = ({ creds, inboxPrefix }) =>
    connect({ servers: url, authenticator: credsAuthenticator(Buffer.from(creds)), inboxPrefix });
  const [asking, speaking] = [await dial(viewer), await dial(node)];
  const bodies = shouts.map((text) => Buffer.from(text));
  const words = Buffer.from(ack);
  const answers = [];
  let isOver = false;
  process.once('message', () => (isOver = true));
  for (let n = 0; !isOver; n++) {
    answers.push(asking.request(command, bodies[n % bodies.length], { timeout: 20_000 }));
    speaking.publish(ackSubject, words);
    await delay(EVERY_MS);
  }
  const answered = (await Promise.all(answers)).length;
  await Promise.all([asking.close(), speaking.close()]);
  process.send(answered, () => process.disconnect());
});
