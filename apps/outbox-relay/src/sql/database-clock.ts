import type { EntityManager } from 'typeorm';

/** How far this process's clock is ahead of the database's, in milliseconds, to within the round trip. */
export async function clockOffsetMs(manager: EntityManager): Promise<number> {
  const askedAtMs = Date.now();
  const [row] = await manager.query<[{ now_ms: number }]>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS now_ms`,
  );
  return (askedAtMs + Date.now()) / 2 - row.now_ms;
}
