import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { eventually } from '@plexsphere/testkit';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

/** P-7: two that both had a key made, of whom one wins; an hour later the other's key is gone, and its id is free. */
export const step: Step = async (world) => {
  const id = randomUUID();
  const scope = `domain:${id}`;
  await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  const operator = await OperatorConnection.open(world);
  const named = async (table: string, names: string) => {
    const rows = await world.query<{ key_id: string }>(
      `SELECT key_id FROM ${table} WHERE scope = $1 AND key_id ${names} ORDER BY key_id`,
      [scope],
    );
    return rows.map((row) => row.key_id);
  };
  const keysOf = (table: string) => named(table, `NOT LIKE '~%'`);
  /** Made ahead: they have no names yet. */
  const aheadOf = (table: string) => named(table, `LIKE '~%'`);

  const holder = new Client({ connectionString: world.stack.databaseUrl('owner') });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [scope]);
  const rivals = ['k2', 'k3'];
  const rotating = rivals.map((new_key_id) => operator.ask('signing.rotate', { scope, new_key_id }));
  await eventually(async () => (await keysOf('material.wrapped_key')).length === 3, { describe: 'both having a key' });
  await holder.end();
  const answers = await Promise.all(rotating);
  const winner = rivals[answers.findIndex((answer) => answer.code === '')] ?? '';
  const loser = rivals.find((each) => each !== winner) ?? '';
  expect(await keysOf('ring.prepared_key')).toEqual([loser]);

  for (const table of ['material.wrapped_key', 'ring.prepared_key']) {
    await world.query(`UPDATE ${table} SET prepared_at = prepared_at - interval '61 min' WHERE scope = $1`, [scope]);
  }
  await eventually(async () => (await named('ring.prepared_key', 'IS NOT NULL')).length === 0);
  expect(await keysOf('material.wrapped_key')).toEqual(['k1', winner]);
  // Of the keys made ahead the one that the ring commits to is left, however old it is.
  const [head] = await world.query<{ next: string }>(
    'SELECT next FROM ring.ring_change WHERE scope = $1 AND statement IS NOT NULL ORDER BY epoch DESC LIMIT 1',
    [scope],
  );
  expect(await aheadOf('material.wrapped_key')).toEqual([`~${head?.next}`]);
  const signed = await operator.ask('signing.sign', { scope, payload: {} });
  expect(signed.code).toBe('');
  await world.json(['signing', 'close', '--scope', scope, '--old', 'k1', '--new', winner]);
  await world.json(['signing', 'rotate', '--scope', scope, '--new-key-id', loser]);
};
