// node:http that holds an answer open for everybody who asks: the headers of a stream of events, a first line, and another
// one after twenty seconds of silence. It looks at no credential, hears no bus and knows nobody.
import { createServer } from 'node:http';
import process from 'node:process';
import { setInterval } from 'node:timers';

const SILENCE_MS = 20_000;
const TICK_MS = 1_000;
const BACKLOG = 4_096;

process.once('message', ({ headers }) => {
  const open = new Map();
  const server = createServer((_, response) => {
    response.writeHead(200, headers).write(':\n\n');
    open.set(response, Date.now());
    response.on('close', () => open.delete(response));
  });
  setInterval(() => {
    const now = Date.now();
    for (const [response, wroteAt] of open) {
      if (now - wroteAt < SILENCE_MS) continue;
      response.write(':\n\n');
      open.set(response, now);
    }
  }, TICK_MS);
  const listening = () => process.send(`http://127.0.0.1:${server.address().port}`);
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, listening);
});
