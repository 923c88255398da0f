import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import type { SchemaChange } from '@plexsphere/wire';
import { Client } from 'pg';
import { MIGRATIONS } from '../src/format';

/** For specs of a migration: an empty database as all those before it have made it, and its owner's connection. */
export class DatabaseBefore {
  private constructor(
    private readonly database: TestDatabase,
    private readonly owner: Client,
  ) {}

  static async of(change: SchemaChange): Promise<DatabaseBefore> {
    const database = await testDatabase({
      name: `before_${change.name.toLowerCase()}`,
      prepare: async (url) => {
        const client = await connected(url);
        for (const { sql } of MIGRATIONS.slice(0, MIGRATIONS.indexOf(change))) await client.query(sql);
        await client.end();
      },
    });
    return new DatabaseBefore(database, await connected(database.url));
  }

  async run(sql: string): Promise<unknown[]> {
    return (await this.owner.query<Record<string, unknown>>(sql)).rows;
  }

  async end(): Promise<void> {
    await this.owner.end();
    await this.database.drop();
  }
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}
