// Asks a server for the same thing over a few connections, as fast as it answers, for a second; says how often it did.
const { Buffer } = require('node:buffer');
const net = require('node:net');
const process = require('node:process');
const { setTimeout: delay } = require('node:timers/promises');

const CONNECTIONS = 16;
const FOR_MS = 1_000;
const STATUS = Buffer.from('HTTP/1.1 200 ');

process.on('message', async ({ port, path }) => {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  let answers = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (let at = chunk.indexOf(STATUS); at >= 0; at = chunk.indexOf(STATUS, at + 1)) {
        answers += 1;
        socket.write(request);
      }
    });
    return socket;
  });
  await delay(FOR_MS);
  for (const socket of sockets) socket.destroy();
  process.send(answers);
});
