import type { EntityManager } from 'typeorm';

/** The stream's creation time as it was last seen; undefined before the first. */
export async function readBusStream(manager: EntityManager, name: string): Promise<string | undefined> {
  const [row] = await manager.query<{ created: string }[]>(`SELECT created FROM outbox.bus_stream WHERE name = $1`, [
    name,
  ]);
  return row?.created;
}
