import { setTimeout as delay } from 'node:timers/promises';
import type { OnModuleDestroy } from '@nestjs/common';
import {
  destroyKey,
  forgetPreparedKey,
  loadBusKey,
  loadSigningKey,
  makeSigningKey,
  readKekFile,
  requireMaterialFormat,
  requireOwnKek,
  type BusKeyOwner,
  type BusSeed,
  type KekProvider,
  type SigningKey,
} from '@plexsphere/material';
import type { Logger } from '@plexsphere/service-kit';
import type { AlgorithmName, Scope } from '@plexsphere/wire';
import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import type { SignerConfig } from '../signer-config';

/** How long before a database that is away is tried again at start-up; afterwards the pool reconnects by itself. */
const CONNECT_AGAIN_MS = 500;

/** Postgres' codes and the system's that say "not now"; anything else (no such role, no such schema) is for a person. */
const NOT_NOW = /^(08|57)|^53300$|^E[A-Z]+$/;

/** The signer's schema and the KEK that opens it. */
export class Material implements OnModuleDestroy {
  constructor(
    private readonly source: DataSource,
    private readonly kek: KekProvider,
  ) {}

  /** Makes and persists the key of that name, or returns it. @throws MaterialError */
  make(scope: Scope, keyId: string, algorithm: AlgorithmName): Promise<SigningKey> {
    return makeSigningKey(this.source, this.kek, { scope, keyId }, algorithm);
  }

  /** @throws MaterialError */
  load(scope: Scope, keyId: string): Promise<SigningKey> {
    return loadSigningKey(this.source, this.kek, { scope, keyId });
  }

  /** The private half is gone for good; the name stays taken. Twice is fine. */
  destroy(scope: Scope, keyId: string): Promise<void> {
    return destroyKey(this.source, { scope, keyId });
  }

  /** For a key that no ring took: private half and name are gone, unless it was asked for after `before`. */
  forgetPrepared(scope: Scope, keyId: string, before: Date): Promise<void> {
    return forgetPreparedKey(this.source, { scope, keyId }, before);
  }

  /** Read each time and kept nowhere. @throws MaterialError */
  busKey(owner: BusKeyOwner): Promise<BusSeed> {
    return loadBusKey(this.source, this.kek, owner);
  }

  /** For what the signer's role must not be able to do: tried at start. */
  run(statement: string): Promise<unknown> {
    return this.source.query(statement);
  }

  async onModuleDestroy(): Promise<void> {
    await this.source.destroy();
  }
}

/**
 * Reads the KEK, waits for the database, and refuses a KEK other than the wrapped keys name.
 * @throws MaterialError other_kek, kek_missing, kek_exposed, kek_malformed; Problem databaseFormat
 */
export async function openMaterial(
  config: Pick<SignerConfig, 'databaseUrl' | 'kekFile'>,
  logger: Logger,
): Promise<Material> {
  const kek = await readKekFile(config.kekFile);
  const source = await openDatabase(config.databaseUrl, logger);
  await requireMaterialFormat(source);
  await requireOwnKek(source, kek);
  return new Material(source, kek);
}

async function openDatabase(url: () => string, logger: Logger): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    url: url(),
    applicationName: 'plexsphere-signer',
    entities: [],
    poolErrorHandler: (err: unknown) => logger.warn({ err }, 'database connection lost'),
    extra: {
      Client: freshClient(url),
      max: 5,
      // Every statement is one row by its key: whatever takes longer than this has met a database in trouble.
      lock_timeout: 5_000,
      statement_timeout: 5_000,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    },
  });
  let told = '';
  for (;;) {
    try {
      return await source.initialize();
    } catch (error) {
      const reason = codeOf(error);
      // Without a code it is a connection that broke or timed out.
      if (reason !== '' && !NOT_NOW.test(reason)) throw error;
      if (told !== reason || told === '') logger.warn({ reason }, 'database not reachable yet');
      told = reason;
      await delay(CONNECT_AGAIN_MS);
    }
  }
}

/** Asks for the URL anew at each new connection, so that a password that was replaced in a file counts at once. */
const freshClient = (url: () => string): typeof Client =>
  class extends Client {
    constructor(config: ClientConfig = {}) {
      super({ ...config, connectionString: url() });
    }
  };

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
