import type { EntityManager } from 'typeorm';

/**
 * Enters a bus key as taken; false where a service, an operator or a Node has it, or ever had. Whoever enrolled a Node by
 * another's key and removed the Node would cut that other one off.
 */
export async function takeBusKey(manager: EntityManager, publicKey: string): Promise<boolean> {
  const taken = await manager.query<unknown[]>(
    'INSERT INTO ring.bus_user (public_key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING public_key',
    [publicKey],
  );
  return taken.length === 1;
}
