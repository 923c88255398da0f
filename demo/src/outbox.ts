import { Client } from 'pg';

/** How many rows the outbox holds for key events: what a resumed rotation must not add to. */
export async function countKeyMessages(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM outbox.key_message');
    return rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}
