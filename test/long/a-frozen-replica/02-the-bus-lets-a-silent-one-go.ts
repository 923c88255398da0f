import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { busAuthenticator, readBusCredential } from '@plexsphere/bus-client';
import type { Step } from '../../src/tell-story';

/**
 * P-5: two pings of 5 s that nobody answers, and the third that finds it out; the server's own default takes six
 * minutes. A server before 2.9.16 does not ping whom it sends to meanwhile: there only the next copy helps.
 */
const LET_GO_WITHIN_S = 21;

export const step: Step = async ({ stack }) => {
  const token = JSON.parse(await readFile(stack.tokenFile, 'utf8')) as { bus_credential: string };
  const authenticate = busAuthenticator(() => readBusCredential(token.bus_credential));
  const socket = createConnection(stack.nats.port, stack.nats.host);
  let heard = '';
  let admittedAt = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (bytes) => {
      heard += bytes.toString();
      const info = /^INFO (.*)\r\n/.exec(heard)?.[1];
      if (admittedAt > 0 || info === undefined) return;
      admittedAt = performance.now();
      const { nonce } = JSON.parse(info) as { nonce: string };
      // The last thing that it ever says.
      socket.write(`CONNECT ${JSON.stringify({ ...authenticate(nonce), protocol: 1, verbose: false })}\r\nPING\r\n`);
    });
  });
  expect(heard).toMatch(/PONG\r\n(.|\r|\n)*PING\r\n(.|\r|\n)*Stale Connection/);
  const seconds = (performance.now() - admittedAt) / 1_000;
  process.stdout.write(`a connection that answers nothing was let go after ${seconds.toFixed(1)} s\n`);
  expect(seconds).toBeLessThan(LET_GO_WITHIN_S);
};
