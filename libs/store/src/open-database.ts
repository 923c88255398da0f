import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { storeOptions } from './data-source';
import { requireStoreFormat } from './format';

const TRY_AGAIN_MS = 500;

/**
 * A small pool of a service's, opened as soon as the database lets it in; `tell` gets each new reason why it does not yet.
 * @throws Problem databaseFormat
 */
export async function openDatabase(
  url: () => string,
  applicationName: string,
  tell: (reason: string) => void,
): Promise<DataSource> {
  const options = storeOptions(url, applicationName);
  const database = new DataSource({ ...options, extra: { ...options.extra, max: 1 } });
  for (let told: string | undefined; !database.isInitialized;) {
    const reason = await database.initialize().then(() => undefined, reasonOf);
    if (reason === undefined) break;
    if (reason !== told) tell(reason);
    told = reason;
    await delay(TRY_AGAIN_MS);
  }
  await requireStoreFormat(database);
  return database;
}

/** An SQLSTATE, or what the socket says; a driver's message may name what nobody else is to read. */
const reasonOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'connection lost';
};
