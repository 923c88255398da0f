/** For specs: a whole relay in this process, put together as the service kit does it. */
import { Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, BusServer, Health, LOGGER, NestLogger, createLogger } from '@plexsphere/service-kit';
import { storeOptions } from '@plexsphere/store';
import type { NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { RelayConfig } from '../src/relay-config';
import { relayParts } from '../src/relay.module';

export interface RunningRelay {
  health: Health;
  get: INestMicroservice['get'];
  stop(): Promise<void>;
}

export interface RelaySettings {
  /** False: its loops do not run and it hears nothing; a spec uses its parts. */
  listens?: boolean;
  eventRetentionMs?: number;
}

export async function runningRelay(
  connection: NatsConnection,
  databaseUrl: string,
  { listens = true, eventRetentionMs = 604_800_000 }: RelaySettings = {},
): Promise<RunningRelay> {
  const config = Object.assign(new RelayConfig(), { databaseUrl, eventRetentionMs, streamReplicas: 1 });
  const logger = createLogger('outbox-relay', process.env['SPEC_LOG'] ?? 'silent');
  const server = new BusServer(connection, 'outbox-relay');
  const health = new Health();
  const database = await new DataSource(storeOptions(databaseUrl, 'outbox-relay')).initialize();
  const given = [
    { provide: RelayConfig, useValue: config },
    { provide: LOGGER, useValue: logger },
    { provide: Health, useValue: health },
    { provide: Bus, useValue: new Bus(connection) },
    { provide: DataSource, useValue: database },
  ];
  @Module({ controllers: relayParts.controllers, providers: [...relayParts.providers, ...given] })
  class RelayForSpecs {}
  const app = await NestFactory.createMicroservice(RelayForSpecs, {
    strategy: server,
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  if (listens) await app.listen();
  const stop = async (): Promise<void> => {
    await app.close();
    await database.destroy();
  };
  return { health, get: app.get.bind(app), stop };
}
