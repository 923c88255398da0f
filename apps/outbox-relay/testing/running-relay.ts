/** For specs: a whole relay in this process, put together as the service kit does it. */
import { runParts, type RunningParts } from '@plexsphere/testkit/services';
import type { NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { relayDatabase } from '../src/database-options';
import { RelayConfig } from '../src/relay-config';
import { relayParts } from '../src/relay.module';

export type RunningRelay = Pick<RunningParts, 'health' | 'get' | 'stop'>;

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
  const database = await new DataSource(relayDatabase(databaseUrl, 'outbox-relay')).initialize();
  const given = [
    { provide: RelayConfig, useValue: config },
    { provide: DataSource, useValue: database },
  ];
  const parts = { controllers: relayParts.controllers, providers: [...relayParts.providers, ...given] };
  const relay = await runParts(connection, 'outbox-relay', parts, { listens });
  const stop = async (): Promise<void> => {
    await relay.stop();
    await database.destroy();
  };
  return { ...relay, stop };
}
