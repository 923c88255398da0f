// node:http and nothing else: what it is told to say, it says to everybody.
import { createServer } from 'node:http';
import process from 'node:process';

process.once('message', ({ text, headers }) => {
  const server = createServer((_, response) => void response.writeHead(200, headers).end(text));
  server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
});
