import { createBusKey, credsText } from '@plexsphere/wire';
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { issueUser } from '@plexsphere/bus-jwt';
import type { Step } from '../../src/tell-story';

/** Each says what was dialled or read, and what to check; none takes half a minute to say so. */
export const step: Step = async (world) => {
  const jwks = ['signing', 'jwks', '--scope', world.domain];
  const nobody = await world.plexctl([...jwks, '--signer-endpoint', '127.0.0.1:1']);
  expect([nobody.exitCode, nobody.stderr.includes('127.0.0.1:1')]).toEqual([1, true]);

  const stranger = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const endpoint = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  const other = await world.plexctl([...jwks, '--signer-endpoint', endpoint]);
  stranger.close();
  expect([other.exitCode, other.stderr.includes(endpoint)]).toEqual([1, true]);

  const copy = join(tmpdir(), `${randomUUID()}.token`);
  await copyFile(world.stack.tokenFile, copy);
  await chmod(copy, 0o644);
  const readable = await world.plexctl([...jwks, '--token-file', copy]);
  expect([readable.exitCode, readable.stderr.includes(copy)]).toEqual([77, true]);
  await chmod(copy, 0o600);
  await writeFile(copy, '{"operator":"x"}');
  expect((await world.plexctl([...jwks, '--token-file', copy])).exitCode).toBe(77);
  expect((await world.plexctl([...jwks, '--token-file', `${copy}.none`])).exitCode).toBe(77);

  // A token of another installation: well-formed, and signed by an account that this bus does not have.
  const id = randomUUID();
  const user = createBusKey('user');
  const jwt = issueUser({
    accountSeed: createBusKey('account').seed,
    user: { kind: 'operator', id },
    name: 'stranger',
    publicKey: user.publicKey,
  });
  const token = { operator: id, bus_credential: credsText(jwt, user.seed), bearer: randomUUID() };
  await writeFile(copy, JSON.stringify(token));
  const foreign = await world.plexctl([...jwks, '--token-file', copy]);
  expect([foreign.exitCode, foreign.stderr.includes('signing: not authenticated')]).toEqual([77, true]);
  await rm(copy);
};
