// Many of one viewer's at once, and somebody's signature behind all of them: how many are answered before it is. A process of
// its own, so that both hear their answers at one pace.
const { Buffer } = require('node:buffer');
const process = require('node:process');
const { connect, credsAuthenticator } = require('nats');

const COUNT = 200;

process.once('message', async ({ url, viewer, signing, command, shout, signCommand, sign, errorCode }) => {
  const dial = ({ creds, inboxPrefix }) =>
    connect({ servers: url, authenticator: credsAuthenticator(Buffer.from(creds)), inboxPrefix });
  const [shouting, asking] = [await dial(viewer), await dial(signing)];
  const body = Buffer.from(shout);
  let answered = 0;
  const answers = Array.from({ length: COUNT }, async () => {
    await shouting.request(command, body, { timeout: 60_000 });
    answered++;
  });
  // The server has passed all of them on when it answers this: what is asked now comes behind them.
  await shouting.flush();
  const before = answered;
  const { headers } = await asking.request(signCommand, sign, { timeout: 60_000 });
  const meanwhile = answered - before;
  await Promise.all(answers);
  await Promise.all([shouting.close(), asking.close()]);
  process.send({ ahead: COUNT - before, meanwhile, code: headers?.get(errorCode) || 'OK' }, () => process.disconnect());
});
