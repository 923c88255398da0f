import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

/** More than both replicas have connections together. */
const RIVALS = 30;

export const step: Step = async (world) => {
  const [stuck, free] = [randomUUID(), randomUUID()];
  for (const id of [stuck, free]) await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  const operator = await OperatorConnection.open(world);
  const holder = new Client({ connectionString: world.stack.databaseUrl('owner') });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`domain:${stuck}`]);
  const rivals = Array.from({ length: RIVALS }, (_, i) =>
    operator.ask('signing.rotate', { scope: `domain:${stuck}`, new_key_id: `rival-${i}` }),
  );
  const elsewhere = await operator.ask('signing.rotate', { scope: `domain:${free}`, new_key_id: 'k2' });
  const signed = await operator.ask('signing.sign', { scope: 'platform', payload: {} });
  await holder.end();

  expect([elsewhere.code, signed.code]).toEqual(['', '']);
  const answers = await Promise.all(rivals);
  expect(answers.filter((answer) => answer.code === '')).toHaveLength(1);
  const refusals = new Set(answers.filter((answer) => answer.code !== '').map((answer) => answer.body['detail']));
  expect(['signing: rotation in progress', 'signing: scope busy']).toEqual(expect.arrayContaining([...refusals]));
};
