import { DataSource, type DataSourceOptions } from 'typeorm';
import { driverOptions, onceLetIn, urlOf, type DatabaseUrl, type PoolLimits } from './sql';

type PoolOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

export const poolOptions = (url: DatabaseUrl, applicationName: string, limits: PoolLimits): PoolOptions => ({
  type: 'postgres',
  url: urlOf(url),
  applicationName,
  extra: driverOptions(url, limits),
});

/** Opens a pool as soon as the database lets it in. `tell`, `isNotNow` and what it throws: as `onceLetIn` has it. */
export function openPool(
  options: DataSourceOptions,
  tell: (reason: string) => void,
  isNotNow?: (reason: string) => boolean,
): Promise<DataSource> {
  const database = new DataSource(options);
  return onceLetIn(() => database.initialize(), tell, isNotNow);
}
