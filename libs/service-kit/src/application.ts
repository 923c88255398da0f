/** A service's Nest application: over the bus alone, or over the bus and HTTP. */
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { BusServer } from './bus-server';
import type { HttpDoor } from './http-door';
import { NestLogger, type Logger } from './logger';
import { ProblemFilter } from './problem-filter';

export interface Application {
  get: INestApplicationContext['get'];
  listen(): Promise<void>;
  /** In order: what was begun is finished, and the last words are said while the connection stands. */
  close(): Promise<void>;
}

interface Parts {
  module: Type | DynamicModule;
  server: BusServer;
  logger: Logger;
}

export async function busApplication({ module, server, logger }: Parts): Promise<Application> {
  const app = await NestFactory.createMicroservice(module, { strategy: server, logger: new NestLogger(logger) });
  app.useGlobalFilters(new ProblemFilter(logger));
  return { get: app.get.bind(app), listen: () => app.listen(), close: () => app.close() };
}

/** One container for both: what is asked over HTTP is often said on over the bus. */
export async function busAndHttpApplication({ module, server, logger }: Parts, door: HttpDoor): Promise<Application> {
  const options = { logger: new NestLogger(logger), bodyParser: false };
  const app = await NestFactory.create(module, door.adapter, options);
  app.useGlobalFilters(door.filter(new ProblemFilter(logger)));
  app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
  return {
    get: app.get.bind(app),
    listen: async () => {
      door.prepare(app);
      await app.init();
      await app.startAllMicroservices();
      await door.open(app);
    },
    close: async () => {
      await door.close();
      await server.close();
      await app.close();
    },
  };
}
