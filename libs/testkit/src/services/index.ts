/** For specs of services: parts of one in this process, on a real bus. Apart from the rest, which loads no Nest. */
import 'reflect-metadata';
import { Writable } from 'node:stream';
import { Global, Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import {
  Bus,
  BusServer,
  Health,
  LOGGER,
  busAndHttpApplication,
  busApplication,
  type Application,
  type HttpDoor,
  type Logger,
} from '@plexsphere/service-kit';
import type { NatsConnection } from 'nats';
import { pino } from 'pino';

export interface RunningParts {
  get: Application['get'];
  bus: Bus;
  health: Health;
  /** Every log line so far. */
  log(): Record<string, unknown>[];
  /** In order: what was begun is finished. */
  stop(): Promise<void>;
}

@Global()
@Module({})
class ProcessModule {}

/**
 * Put together as the service kit does it, with its door where it has one. Where it does not listen, its loops do not run
 * and it hears nothing.
 */
export async function runParts(
  connection: NatsConnection,
  queue: string,
  parts: ModuleMetadata,
  { listens = true, door }: { listens?: boolean; door?: (logger: Logger) => Promise<HttpDoor> } = {},
): Promise<RunningParts> {
  const lines: string[] = [];
  const sink = new Writable({ write: (line, _, done) => (lines.push(String(line)), done()) });
  const logger: Logger = pino({ level: 'debug' }, sink);
  const [bus, health] = [new Bus(connection), new Health()];
  const server = new BusServer(bus, queue, { logger });
  const shared: DynamicModule = {
    module: ProcessModule,
    providers: [
      { provide: LOGGER, useValue: logger },
      { provide: Health, useValue: health },
      { provide: Bus, useValue: bus },
      { provide: BusServer, useValue: server },
    ],
    exports: [LOGGER, Health, Bus, BusServer],
  };
  @Module({ ...parts, imports: [shared, ...(parts.imports ?? [])] })
  class PartsModule {}
  const all = { module: PartsModule, server, logger };
  const app = door === undefined ? await busApplication(all) : await busAndHttpApplication(all, await door(logger));
  if (listens) {
    await app.open();
    await app.listen();
  }
  return {
    get: app.get,
    bus,
    health,
    log: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    stop: () => app.close(),
  };
}
