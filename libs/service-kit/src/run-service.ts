import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { DynamicModule, Type } from '@nestjs/common';
import { FORMAT_HINT, Problem, type ServiceName } from '@plexsphere/wire';
import { openBus, openDoorAndBus } from './bus-half';
import { ConfigError, readConfig } from './config';
import { Health } from './health';
import type { HttpDoor } from './http-door';
import { openHttp } from './http-half';
import { createLogger, type Logger } from './logger';
import { useRandomReplyTokens } from './bus';
import type { ServiceConfig } from './service-config';
import { settingsHelp } from './settings-help';

export interface ServiceDefinition<Config extends ServiceConfig> {
  name: ServiceName;
  config: new () => Config;
  module: (config: Config, logger: Logger) => Type | DynamicModule;
  /** Runs before the bus is dialled: what must hold or the process does not start. */
  prepare?: (config: Config, logger: Logger) => Promise<void>;
  /** Runs a statement on the service's own pool, as its own role: the one that must be refused (wire, services.ts). */
  query: (statement: string) => Promise<unknown>;
  /** Of a service that others come to over HTTP. It goes on while the bus is away, so it stays ready then. */
  door?: () => HttpDoor;
}

const LOOK_AGAIN_MS = 20;

/**
 * Once little happens in a process V8 goes through its whole heap, to give back what is free, and then again, once or twice, for
 * what the first time has made free: of 49 MiB 0.2, for as much work as the first. Read anew whenever one of them has ended, so
 * it may be set while V8 runs.
 */
const GIVE_BACK_AT_ONCE = '--memory-reducer-single-gc';

/**
 * The life of every service: read the configuration, be live, connect, build, listen, be ready; on SIGTERM hear no
 * more, finish what was begun, close. It has two halves, HTTP (health, as long as the process lives) and the bus.
 */
export async function runService<Config extends ServiceConfig>(definition: ServiceDefinition<Config>): Promise<void> {
  useRandomReplyTokens();
  setFlagsFromString(GIVE_BACK_AT_ONCE);
  const config = configOrExit(definition);
  const logger = createLogger(definition.name, config.logLevel);
  process.on('unhandledRejection', (err) => exitWith(logger, err));
  const health = new Health();
  const stopping = new AbortController();
  health.check('bus', () => 'connecting');
  health.check('stopping', () => (stopping.signal.aborted ? 'yes' : undefined));
  const http = await openHttp(config.healthListen, health.answer);
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
    const open = definition.door === undefined ? openBus : openDoorAndBus;
    const bus = await open(definition, { config, logger, health });
    isUp = true;
    await becomesReady(health, stopping.signal);
    if (!stopping.signal.aborted) {
      logger.info({ health: http.address }, 'ready');
      await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
    }
    logger.info('stopping');
    await bus.close();
    await http.close();
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
