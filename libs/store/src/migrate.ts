import { migrate } from '@plexsphere/postgres';
import { grantStore } from './grants';
import { FORM } from './format';

/** As `migrate`, and grants each service what it needs of the schemas. @throws Problem databaseFormat */
export const migrateStore = (ownerUrl: string): Promise<string[]> =>
  migrate(ownerUrl, FORM, 'store_migration', grantStore);
