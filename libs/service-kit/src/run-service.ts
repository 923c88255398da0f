import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Global,
  Module,
  type DynamicModule,
  type INestMicroservice,
  type Type,
  type ValueProvider,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FORMAT_HINT, Problem, SERVICES, type ServiceName } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { Bus, connectBus } from './bus';
import { BusServer } from './bus-server';
import { watchBus } from './bus-watch';
import { ConfigError, readConfig } from './config';
import { Health } from './health';
import { busTrial, databaseTrial, untilRefused } from './least-privilege';
import { NestLogger, createLogger, type Logger } from './logger';
import { ProblemFilter } from './problem-filter';
import { useRandomReplyTokens } from './random-reply-tokens';
import type { ServiceConfig } from './service-config';
import { settingsHelp } from './settings-help';

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

export interface ServiceDefinition<Config extends ServiceConfig> {
  name: ServiceName;
  config: new () => Config;
  module: (config: Config, logger: Logger) => Type | DynamicModule;
  /** Runs before the bus is dialled: what must hold or the process does not start. */
  prepare?: (config: Config, logger: Logger) => Promise<void>;
  /** Runs a statement on the service's own pool, as its own role: the one that must be refused (wire, services.ts). */
  query: (app: INestMicroservice, statement: string) => Promise<unknown>;
}

const LOOK_AGAIN_MS = 20;

/**
 * The life of every service: read the configuration, be live, connect, build, listen, be ready; on SIGTERM hear no
 * more, finish what was begun, say the last words (module destroy hooks), close.
 */
export async function runService<Config extends ServiceConfig>(definition: ServiceDefinition<Config>): Promise<void> {
  useRandomReplyTokens();
  const config = configOrExit(definition);
  const logger = createLogger(definition.name, config.logLevel);
  process.on('unhandledRejection', (err) => exitWith(logger, err));
  const health = new Health();
  const stopping = new AbortController();
  health.check('bus', () => 'connecting');
  health.check('stopping', () => (stopping.signal.aborted ? 'yes' : undefined));
  const healthAddress = await health.listen(config.healthListen);
  let isUp = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stopping.abort();
      // Still waiting for the database or the bus: nothing was begun, so there is nothing to finish.
      if (!isUp) process.exit(0);
    });
  }
  try {
    await definition.prepare?.(config, logger);
    const { name, query } = definition;
    const { forbidden } = SERVICES[name];
    const who = { credentialFile: config.busCredentialFile, user: { kind: name }, name };
    const connection = await connectBus(config, who, logger);
    watchBus(connection, health, logger);
    // Before anything is heard: on an open bus whoever asks may be anybody.
    if (config.allowOpenBus) logger.warn('bus not tried: an open one is allowed');
    else await untilRefused(busTrial(connection, forbidden.subject), health, logger);
    const app = await build(definition, { config, logger, health, connection });
    app.useGlobalFilters(new ProblemFilter(logger));
    await untilRefused(
      databaseTrial(forbidden.statement, (statement) => query(app, statement)),
      health,
      logger,
    );
    await app.listen();
    isUp = true;
    await becomesReady(health, stopping.signal);
    logger.info({ health: healthAddress }, 'ready');
    if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
    logger.info('stopping');
    await app.close();
    await connection.close();
    health.close();
    logger.info('stopped');
    // Whatever is left (a driver's timer) has nothing more to do.
    process.exit(0);
  } catch (error) {
    if (error instanceof ConfigError) refuseToStart(error);
    if (error instanceof Problem && error.is('databaseFormat'))
      refuseToStart(new ConfigError(`${error.detail}: ${FORMAT_HINT}.`));
    exitWith(logger, error);
  }
}

/** The service's own module and what the whole process shares, over the connection; nothing is heard yet. */
function build<Config extends ServiceConfig>(
  { name, config: Class, module }: ServiceDefinition<Config>,
  {
    config,
    logger,
    health,
    connection,
  }: { config: Config; logger: Logger; health: Health; connection: NatsConnection },
): Promise<INestMicroservice> {
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
  return NestFactory.createMicroservice(ServiceModule, { strategy: server, logger: new NestLogger(logger) });
}

/** The line `ready` says the same as /readyz, so that whoever starts a service can wait for either. */
async function becomesReady(health: Health, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted && health.reasons().length > 0) await delay(LOOK_AGAIN_MS);
}

function configOrExit<Config extends ServiceConfig>({ name, config }: ServiceDefinition<Config>): Config {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) {
    process.stdout.write(settingsHelp(name, config));
    process.exit(0);
  }
  try {
    return readConfig(config, process.env, argv);
  } catch (error) {
    if (error instanceof ConfigError) refuseToStart(error);
    throw error;
  }
}

function refuseToStart(error: ConfigError): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

function exitWith(logger: Logger, err: unknown): never {
  logger.error({ err }, 'cannot go on');
  process.exit(1);
}
