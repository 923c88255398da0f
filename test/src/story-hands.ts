import { eventually } from '@plexsphere/testkit';
import type { StatusReply } from '@plexsphere/wire/commands';
import { OperatorConnection } from './operator-connection';
import { Promises } from './promises';
import type { SuiteNode } from './suite-node';
import type { World } from './world';

/** What the steps of a story about a key's life share. */
export interface Hands {
  operator: OperatorConnection;
  promises: Promises;
}

/** A Domain whose Nodes run, its promises watched from now on. */
export async function beginLife(world: World, keyId: string, names: string[]): Promise<Hands> {
  const operator = await OperatorConnection.open(world);
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', keyId]);
  await world.allSignersServe(world.domain);
  const nodes = await world.addNodes(operator, world.domain, names);
  await Promise.all(nodes.map((node) => node.start()));
  const hands = { operator, promises: await Promises.watch(world, operator, keyId) };
  world.kept.set('hands', hands);
  return hands;
}

export const handsOf = (world: World): Hands => world.kept.get('hands') as Hands;

export function nodeOf(world: World, name: string): SuiteNode {
  const node = world.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`no Node is called ${name}`);
  return node;
}

/** Key ids, newest first; of the Nodes that run where none are named. */
export async function allTrust(nodes: SuiteNode[], keyIds: string[]): Promise<void> {
  const expected = keyIds.join();
  await eventually(() => nodes.every((node) => node.trusts.join() === expected), {
    timeoutMs: 90_000,
    describe: `${nodes.length} Nodes trusting ${expected}`,
  }).catch((error: unknown) => {
    const others = nodes.filter((node) => node.trusts.join() !== expected);
    const found = others.map(({ name, trusts, refused }) => ({ name, trusts, refused: refused.slice(-3) }));
    throw new Error(`${String(error)}: ${JSON.stringify(found)}`);
  });
}

/** Names of keys whose private half is still there. */
export async function keptKeys(world: World, scope: string): Promise<string[]> {
  const rows = await world.query<{ key_id: string }>(
    `SELECT key_id FROM material.wrapped_key WHERE scope = $1 AND ciphertext IS NOT NULL AND key_id NOT LIKE '~%'
      ORDER BY key_id`,
    [scope],
  );
  return rows.map((row) => row.key_id);
}

/** What the database's clock does by itself in minutes: the time of a key that was rolled back is over. */
export const passSettling = (world: World, scope: string): Promise<unknown> =>
  world.query(
    `UPDATE ring.signing_key SET verifies_until = clock_timestamp() WHERE scope = $1 AND state = 'retiring'`,
    [scope],
  );

export async function forksOf(world: World, scope: string): Promise<string[]> {
  const { scopes } = await world.json<StatusReply>(['signing', 'status', '--scope', scope]);
  return scopes[0]?.forks?.names ?? [];
}

export async function allTrustPlatform(nodes: SuiteNode[], keyIds: string[]): Promise<void> {
  await eventually(() => nodes.every((node) => node.trustsPlatform.join() === keyIds.join()), {
    timeoutMs: 90_000,
    describe: `the platform's ${keyIds.join()} at ${nodes.length} Nodes`,
  });
}
