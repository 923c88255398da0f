import { Global, Module, type DynamicModule, type ValueProvider } from '@nestjs/common';
import { SERVICES } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { busAndHttpApplication, busApplication, type Application } from './application';
import { Bus, connectBus } from './bus';
import { BusServer } from './bus-server';
import { watchBus } from './bus-watch';
import { Health } from './health';
import type { Half } from './http-half';
import { busTrial, databaseTrial, untilRefused } from './least-privilege';
import type { Logger } from './logger';
import type { ServiceDefinition } from './run-service';
import type { ServiceConfig } from './service-config';

/** Injection token of the process's logger. */
export const LOGGER = Symbol('logger');

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
  const { name, query } = definition;
  const { config, logger, health } = process;
  const { forbidden } = SERVICES[name];
  const who = { credentialFile: config.busCredentialFile, user: { kind: name }, name };
  const connection = await connectBus(config, who, logger);
  watchBus(connection, health, logger, definition.door !== undefined);
  if (config.allowOpenBus) logger.warn('bus not tried: an open one is allowed');
  else await untilRefused(busTrial(connection, forbidden.subject), health, logger);
  const app = await build(definition, process, connection);
  const trial = databaseTrial(forbidden.statement, (statement) => query(app, statement));
  await untilRefused(trial, health, logger);
  await app.listen();
  return {
    close: async () => {
      await app.close();
      await connection.close();
    },
  };
}

/** The service's own module and what the whole process shares, over the connection; nothing is heard yet. */
function build<Config extends ServiceConfig>(
  { name, config: Class, module, door }: ServiceDefinition<Config>,
  { config, logger, health }: ServiceProcess<Config>,
  connection: NatsConnection,
): Promise<Application> {
  const server = new BusServer(connection, name, { logger });
  const shared = [
    { provide: Class, useValue: config },
    { provide: LOGGER, useValue: logger },
    { provide: Health, useValue: health },
    { provide: Bus, useValue: new Bus(connection) },
    { provide: BusServer, useValue: server },
  ];
  @Module({ imports: [ProcessModule.sharing(shared), module(config, logger)] })
  class ServiceModule {}
  const parts = { module: ServiceModule, server, logger };
  return door === undefined ? busApplication(parts) : busAndHttpApplication(parts, door());
}
