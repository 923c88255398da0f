// node:http and nothing else: what it is told to say, it says to everybody.
const { createServer } = require('node:http');
const process = require('node:process');

process.once('message', ({ text, headers }) => {
  const server = createServer((_, response) => void response.writeHead(200, headers).end(text));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
});
