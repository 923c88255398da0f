import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NatsServer, eventually } from '@plexsphere/stack';
import type { NatsConnection } from 'nats';

/** A nats-server of a spec's own, in a folder of its own. `config`: the operator and resolver part, or TLS, or users. */
export async function testBus(config?: string): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-bus-'));
  const configFile = config === undefined ? undefined : join(folder, 'included.conf');
  if (configFile !== undefined) await writeFile(configFile, config ?? '', { mode: 0o600 });
  return NatsServer.create(folder, { configFile });
}

export async function startedBus(config?: string): Promise<NatsServer> {
  const server = await testBus(config);
  await server.start();
  return server;
}

/** Kills it, and deletes its folder. */
export async function endBus(server: NatsServer): Promise<void> {
  await server.kill();
  await rm(dirname(server.disk), { recursive: true, force: true });
}

/** What happens to a bus whose disk is lost: its streams are gone, and the accounts that it was given. */
export async function loseDisk(server: NatsServer): Promise<void> {
  if (server.running) throw new Error('a running nats-server would write its store again: stop or kill it first');
  await rm(server.disk, { recursive: true, force: true });
}

/** What the server says that it did not let through while `act` ran; waits until it has said something. */
export async function refusal(connection: NatsConnection, act: () => void): Promise<string> {
  const said: string[] = [];
  const status = connection.status();
  void (async () => {
    for await (const { permissionContext } of status)
      if (permissionContext) said.push(`${permissionContext.operation} ${permissionContext.subject}`);
  })();
  act();
  await connection.flush();
  return eventually(() => said[0], { describe: 'a refusal by the bus' });
}
