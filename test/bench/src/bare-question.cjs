'use strict';
// Asks what `plexctl signing jwks` asks, by the client library alone: its text as it comes, nothing checked, one attempt.
const { Buffer } = require('node:buffer');
const { createPrivateKey, sign } = require('node:crypto');
const process = require('node:process');
const { connect } = require('nats');

const { servers, jwt, pkcs8, inboxPrefix, subject } = JSON.parse(process.env.QUESTION);
const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
const authenticator = (nonce) => ({
  ...{ jwt, nkey: '', sig: sign(null, Buffer.from(nonce), key).toString('base64url') },
});

void connect({ servers, authenticator, inboxPrefix }).then((connection) => {
  const reply = `${inboxPrefix}.bare`;
  connection.subscribe(reply, {
    callback: (error, message) => {
      process.stdout.write(message.data);
      process.exit(error === null ? 0 : 1);
    },
  });
  connection.publish(subject, JSON.stringify({ scope: 'platform' }), { reply });
});
