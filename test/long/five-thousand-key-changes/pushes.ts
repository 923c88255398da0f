import type { World } from '../../src/world';

/** When the replicas said so, in milliseconds, in order. */
function said(world: World, msg: string, since: number): number[] {
  return world.stack
    .services('rotation')
    .flatMap((rotation) => rotation.logs())
    .filter((line) => line.msg === msg)
    .map(({ time }) => Date.parse(String(time)))
    .filter((at) => at >= since)
    .sort((one, other) => one - other);
}

/** When the account got another JWT, which is what costs the bus: it looks at every connection. */
export const signingsOf = (world: World, since: number): number[] => said(world, 'bus account signed', since);

/** Two replicas that find the bus without it at the same moment both push it: the second one is what the bus has, and is nothing. */
export const pushesOf = (world: World, since: number): number[] => said(world, 'bus account pushed', since);

/** What the bus is to refuse, by kind. */
export async function revocations(world: World, kind: string): Promise<number> {
  const [row] = await world.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM ring.bus_revocation WHERE kind = $1',
    [kind],
  );
  return row?.count ?? 0;
}
