import { Global, Module, type DynamicModule, type ValueProvider } from '@nestjs/common';
import { SERVICES } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { busAndHttpApplication, busApplication, type Application } from './application';
import { Bus, connectBus } from './bus';
import { warnOfRights } from './bus-rights';
import { BusServer } from './bus-server';
import { warnOfBus, watchBus } from './bus-watch';
import { Health } from './health';
import type { Half } from './http-half';
import { busTrial, databaseTrial, untilRefused } from './least-privilege';
import type { Logger } from './logger';
import type { ServiceDefinition } from './run-service';
import type { ServiceConfig } from './service-config';

/** Injection token of the process's logger. */
export const LOGGER = Symbol('logger');

/** A bus that lets nobody in for so long is away, and not just starting: who can do something without it is ready then. */
const WAITED_FOR_MS = 15_000;

/** What the whole process shares; every module may inject it. */
@Global()
@Module({})
class ProcessModule {
  static sharing(providers: ValueProvider[]): DynamicModule {
    return { module: ProcessModule, providers, exports: providers.map((provider) => provider.provide) };
  }
}

export interface ServiceProcess<Config extends ServiceConfig> {
  config: Config;
  logger: Logger;
  health: Health;
}

/**
 * Connects, tries what must be refused to the service, builds its module and hears: in this order, because on an open bus
 * whoever asks may be anybody. Closing hears no more, finishes what was begun, and says the last words (module destroy
 * hooks) before the connection ends.
 */
export async function openBus<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  process: ServiceProcess<Config>,
): Promise<Half> {
  const connection = await triedConnection(definition, process);
  const bus = new Bus(connection);
  const app = await build(definition, process, bus);
  await app.listen();
  return {
    close: async () => {
      await app.close();
      await connection.close();
    },
  };
}

/**
 * The same of a service with a door, which goes on without the bus: it opens as soon as its database has refused what it
 * must, and hears once the bus has. Before, to everything in it, the bus is away.
 */
export async function openDoorAndBus<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  process: ServiceProcess<Config>,
): Promise<Half> {
  const bus = new Bus();
  const app = await build(definition, process, bus);
  await app.open();
  let connection: NatsConnection | undefined;
  const hear = async (): Promise<void> => {
    connection = await triedConnection(definition, process);
    await bus.arrives(connection);
    await app.listen();
  };
  // What fails for good ends the process, as an error that nobody has awaited.
  void hear();
  return {
    close: async () => {
      await app.close();
      await connection?.close();
    },
  };
}

/** The connection, once what must be refused there to the service was. */
async function triedConnection<Config extends ServiceConfig>(
  { name, door }: ServiceDefinition<Config>,
  { config, logger, health }: ServiceProcess<Config>,
): Promise<NatsConnection> {
  const who = { credentialFile: config.busCredentialFile, user: { kind: name }, name };
  const goesOnWithout = door !== undefined;
  const beganAtMs = performance.now();
  const connection = await connectBus(config, who, logger, () => {
    if (!goesOnWithout || performance.now() - beganAtMs < WAITED_FOR_MS) return;
    warnOfBus(health, () => 'not reachable yet');
  });
  watchBus(connection, health, logger, goesOnWithout);
  warnOfRights({ credentialFile: config.busCredentialFile, service: name }, health, logger);
  if (config.allowOpenBus) logger.warn('bus not tried: an open one is allowed');
  else await untilRefused(busTrial(connection, SERVICES[name].forbidden.subject), health, logger);
  return connection;
}

/** The service's own module and what the whole process shares, once its database has refused what it must; nothing is heard. */
async function build<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  process: ServiceProcess<Config>,
  bus: Bus,
): Promise<Application> {
  const app = await assemble(definition, process, bus);
  const { name, query } = definition;
  const trial = databaseTrial(SERVICES[name].forbidden.statement, query);
  await untilRefused(trial, process.health, process.logger);
  return app;
}

function assemble<Config extends ServiceConfig>(
  { name, config: Class, module, door }: ServiceDefinition<Config>,
  { config, logger, health }: ServiceProcess<Config>,
  bus: Bus,
): Promise<Application> {
  const server = new BusServer(bus, name, { logger });
  const shared = [
    { provide: Class, useValue: config },
    { provide: LOGGER, useValue: logger },
    { provide: Health, useValue: health },
    { provide: Bus, useValue: bus },
    { provide: BusServer, useValue: server },
  ];
  @Module({ imports: [ProcessModule.sharing(shared), module(config, logger)] })
  class ServiceModule {}
  const parts = { module: ServiceModule, server, logger };
  return door === undefined ? busApplication(parts) : busAndHttpApplication(parts, door());
}
