import { dirname, join } from 'node:path';
import { BootstrapFolder, ServiceProcess, freePort, repositoryRoot, type NatsServer } from '@plexsphere/stack';
import { endBus, eventually, startedBus } from '@plexsphere/testkit';
import { SERVICE_NAMES, type ServiceName } from '@plexsphere/wire';
import { COMPILED } from '../../src/stack-to-copy';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

// What each tries, again: a trial that became a harmless one would be refused on a mesh that is open.
const COULD: Record<ServiceName, string> = {
  rotation: 'SELECT FROM material.wrapped_key LIMIT 0',
  signer: 'SELECT FROM ring.key_ring LIMIT 0',
  'outbox-relay': 'SELECT FROM material.wrapped_key LIMIT 0',
  gateway: 'SELECT FROM ring.key_ring LIMIT 0',
};

export const step: Step = async (world) => {
  const open = await openBus(world);
  const owner = world.stack.databaseUrl('owner');
  await Promise.all(
    SERVICE_NAMES.flatMap((kind) => [
      refuses(
        world,
        kind,
        { PLEXSPHERE_DATABASE_URL: owner },
        `database trial: open: this service could ${COULD[kind]}`,
      ),
      refuses(
        world,
        kind,
        { PLEXSPHERE_NATS_URL: open.url },
        'bus trial: open: this service could publish to node.trial.bus',
      ),
    ]),
  );
  const laboratory = await service(world, 'outbox-relay', {
    PLEXSPHERE_NATS_URL: open.url,
    PLEXSPHERE_ALLOW_OPEN_BUS: 'true',
  });
  await laboratory.process.start();
  expect(laboratory.process.logs()).toContainEqual(
    expect.objectContaining({ msg: expect.stringContaining('not tried') }),
  );
};

/** nats-server as it is without a configuration: whoever comes may do everything. */
async function openBus(world: World): Promise<NatsServer> {
  const server = await startedBus();
  world.afterwards(() => endBus(server));
  return server;
}

interface Started {
  process: ServiceProcess;
  health: string;
}

/** One more replica, with the stack's own configuration but for `change`. */
async function service(world: World, kind: ServiceName, change: Record<string, string>): Promise<Started> {
  const health = `127.0.0.1:${await freePort()}`;
  const folder = new BootstrapFolder(dirname(world.stack.tokenFile));
  const at = { natsUrl: world.stack.natsUrl, databaseUrl: world.stack.databaseUrl('owner') };
  const name = `too-much-${kind}-${Object.keys(change)[0]}`;
  const process = new ServiceProcess({
    service: kind,
    name,
    entry: join(repositoryRoot, 'apps', kind, 'dist', 'main.js'),
    sourceMaps: false,
    compiled: globalThis.process.env[COMPILED],
    env: () => ({ ...folder.environment(kind, at), PLEXSPHERE_HEALTH_LISTEN: health, ...change }),
    logPath: join(folder.path, '..', 'logs', `${name}.log`),
  });
  world.afterwards(() => process.kill());
  return { process, health };
}

async function refuses(world: World, kind: ServiceName, change: Record<string, string>, reason: string): Promise<void> {
  const { process, health } = await service(world, kind, change);
  const started = process.start().then(
    () => 'ready',
    () => 'ended',
  );
  const readyz = async () => {
    const response = await fetch(`http://${health}/readyz`);
    return { status: response.status, reasons: await response.text() };
  };
  await eventually(async () => (await readyz()).reasons.includes(reason), {
    describe: `${process.name} saying: ${reason}`,
  });
  expect((await readyz()).status).toBe(503);
  const line = await eventually(() =>
    process.logs().find(({ msg, reason: said }) => msg === 'not ready' && reason.endsWith(String(said))),
  );
  expect(line).toMatchObject({ level: 50 });
  await process.stop();
  expect(await started).toBe('ended');
}
