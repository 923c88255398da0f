/** A service's Nest application: over the bus alone, or over the bus and HTTP. */
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { BusServer } from './bus-server';
import type { HttpDoor } from './http-door';
import { NestLogger, type Logger } from './logger';

export interface Application {
  get: INestApplicationContext['get'];
  /** Over HTTP, where it is come to that way. It needs no bus. */
  open(): Promise<void>;
  /** Over the bus. */
  listen(): Promise<void>;
  /** In order: what was begun is finished, and the last words are said while the connection stands. */
  close(): Promise<void>;
}

interface Parts {
  module: Type | DynamicModule;
  server: BusServer;
  logger: Logger;
}

/** Whoever starts it hears what is wrong with it, instead of the process ending there and then. */
const optionsOf = ({ logger }: Parts) => ({ logger: new NestLogger(logger), abortOnError: false });

export async function busApplication(parts: Parts): Promise<Application> {
  const { module, server } = parts;
  const app = await NestFactory.createMicroservice(module, { strategy: server, ...optionsOf(parts) });
  app.useGlobalFilters(server.problems);
  return {
    get: app.get.bind(app),
    open: () => Promise.resolve(),
    listen: () => app.listen(),
    close: () => app.close(),
  };
}

/** One container for both: what is asked over HTTP is often said on over the bus. */
export async function busAndHttpApplication(parts: Parts, door: HttpDoor): Promise<Application> {
  const { module, server } = parts;
  const app = await NestFactory.create(module, door.adapter, { bodyParser: false, ...optionsOf(parts) });
  app.useGlobalFilters(door.filter(server.problems));
  app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
  return {
    get: app.get.bind(app),
    open: async () => {
      door.prepare(app);
      await app.init();
      await door.open(app);
    },
    listen: async () => void (await app.startAllMicroservices()),
    close: async () => {
      await door.close();
      await server.close();
      await app.close();
    },
  };
}
