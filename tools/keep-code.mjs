// node keep-code.mjs PROGRAM ENTRY: has the program ask a bus, once, and get an answer; and writes behind its text the code
// that V8 made of it for that. What else a command runs is compiled then, as ever.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

const [, , program, entry] = process.argv;
const requireAsEntry = createRequire(entry);
const { createBusKey, credsText, tokenFileText } = requireAsEntry('@plexsphere/wire');

const text = readFileSync(program, 'latin1');
const script = new Script(text.slice(text.indexOf('\n') + 1), { filename: program });
const folder = mkdtempSync(`${program}-`);

/** As much of the bus's protocol as one question takes. */
const bus = createServer((socket) => {
  let inbox = '';
  socket.write(
    'INFO {"server_id":"BUILD","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"nonce":"n"}\r\n',
  );
  socket.on('data', (bytes) => {
    for (const [verb, first, second] of bytes
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.split(' '))) {
      if (verb === 'PING') socket.write('PONG\r\n');
      if (verb === 'SUB') inbox = `${first} ${second}`;
      if (verb === 'PUB') socket.write(`MSG ${inbox} 11\r\n{"keys":[]}\r\n`);
    }
  });
});

bus.listen(0, '127.0.0.1', () => {
  const token = join(folder, 'operator.token');
  const operator = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
  const busCredential = credsText('a.b.c', createBusKey('user').seed);
  writeFileSync(token, tokenFileText({ operator, busCredential, bearer: '' }), { mode: 0o600 });
  const where = ['--signer-endpoint', `127.0.0.1:${bus.address().port}`, '--token-file', token];
  process.argv = [process.execPath, entry, 'signing', 'jwks', '--scope', 'platform', ...where];
  process.env.XDG_CONFIG_HOME = folder;
  script.runInThisContext()(requireAsEntry, dirname(entry));
});

process.on('exit', (code) => {
  rmSync(folder, { recursive: true });
  if (code === 0) appendFileSync(program, script.createCachedData());
});
