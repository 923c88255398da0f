import type { OnModuleDestroy } from '@nestjs/common';
import {
  introduceKey,
  loadBusKey,
  loadSigningKey,
  makeKeyAhead,
  makeSigningKey,
  readKekFile,
  requireMaterialFormat,
  requireOwnKek,
  type BusKeyOwner,
  type BusSeed,
  type KekProvider,
  type SigningKey,
} from '@plexsphere/material';
import { CONNECTION_LOST, openPool, poolOptions } from '@plexsphere/postgres';
import type { Logger } from '@plexsphere/service-kit';
import type { AlgorithmName, Scope } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';
import type { SignerConfig } from '../signer-config';

/** Every statement is one row by its key: whatever takes longer than this has met a database in trouble. */
const LIMITS = { max: 5, statement_timeout: 5_000 };

/** Postgres' codes and the system's that say "not now"; anything else (no such role, no such schema) is for a person. */
const NOT_NOW = /^(08|57)|^53300$|^E[A-Z]+$/;
const isNotNow = (reason: string): boolean => reason === CONNECTION_LOST || NOT_NOW.test(reason);

/** The signer's schema and the KEK that opens it. */
export class Material implements OnModuleDestroy {
  /** By scope, key id and algorithm. */
  private readonly making = new Map<string, Promise<SigningKey>>();
  private readonly reading = new Map<BusKeyOwner, Promise<BusSeed>>();

  constructor(
    readonly database: DataSource,
    private readonly kek: KekProvider,
  ) {}

  /**
   * Makes and persists the key of that name, or returns it. Whoever asks meanwhile for the same one waits for it: who is not
   * answered in a quarter of a second asks again, and a machine that is slow to make one key must not make four.
   * @throws MaterialError
   */
  make(scope: Scope, keyId: string, algorithm: AlgorithmName): Promise<SigningKey> {
    const name = `${scope} ${keyId} ${algorithm}`;
    const making =
      this.making.get(name) ??
      makeSigningKey(this.database, this.kek, { scope, keyId }, algorithm).finally(() => this.making.delete(name));
    this.making.set(name, making);
    return making;
  }

  /** Makes and persists a key that has no name yet; the hash of its public half. @throws MaterialError */
  makeAhead(scope: Scope, algorithm: AlgorithmName): Promise<string> {
    return makeKeyAhead(this.database, this.kek, scope, algorithm);
  }

  /** The key of that hash, made ahead, under the name that it is to have. @throws MaterialError */
  introduce(scope: Scope, keyId: string, hash: string): Promise<SigningKey> {
    return introduceKey(this.database, this.kek, { scope, keyId }, hash);
  }

  /** @throws MaterialError */
  load(scope: Scope, keyId: string): Promise<SigningKey> {
    return loadSigningKey(this.database, this.kek, { scope, keyId });
  }

  /**
   * Kept nowhere: read for whoever asks, and shared by those who ask while it is being read. Many Nodes are enrolled at
   * once, a credential each. @throws MaterialError
   */
  busKey(owner: BusKeyOwner): Promise<BusSeed> {
    const reading =
      this.reading.get(owner) ?? loadBusKey(this.database, this.kek, owner).finally(() => this.reading.delete(owner));
    this.reading.set(owner, reading);
    return reading;
  }

  async onModuleDestroy(): Promise<void> {
    await this.database.destroy();
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
  const database = await openPool(
    {
      ...poolOptions(config.databaseUrl, 'plexsphere-signer', LIMITS),
      poolErrorHandler: (err: unknown) => logger.warn({ err }, 'database connection lost'),
    },
    (reason) => logger.warn({ reason }, 'database not reachable yet'),
    isNotNow,
  );
  await requireMaterialFormat(database);
  await requireOwnKek(database, kek);
  return new Material(database, kek);
}
