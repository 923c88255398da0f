import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { OperatorConnection, type Answer } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

/** More than both replicas have connections together. */
const RIVALS = 30;

/** What a busy machine may leave anybody with: no signer has answered within its second. */
const SILENCE = 'signing: no answer';

const AGAIN_AFTER_MS = 200;

export const step: Step = async (world) => {
  const [stuck, free] = [randomUUID(), randomUUID()];
  for (const id of [stuck, free]) await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  const operator = await OperatorConnection.open(world);
  const rotate = (id: string, new_key_id: string, passing: string[]) =>
    beyond(passing, () => operator.ask('signing.rotate', { scope: `domain:${id}`, new_key_id }));
  const holder = new Client({ connectionString: world.stack.databaseUrl('owner') });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`domain:${stuck}`]);
  const rivals = Array.from({ length: RIVALS }, (_, i) =>
    rotate(stuck, `rival-${i}`, [SILENCE, 'signing: scope busy']),
  );
  const elsewhere = await rotate(free, 'k2', [SILENCE]);
  const signed = await beyond([SILENCE], () => operator.ask('signing.sign', { scope: 'platform', payload: {} }));
  await holder.end();

  expect([elsewhere.code, signed.code]).toEqual(['', '']);
  const answers = await Promise.all(rivals);
  expect(answers.filter((answer) => answer.code === '')).toHaveLength(1);
  const refusals = new Set(answers.filter((answer) => answer.code !== '').map((answer) => answer.body['detail']));
  expect([...refusals]).toEqual(['signing: rotation in progress']);
};

/** Comes again with what may be asked again, as an operator would. */
async function beyond(passing: string[], ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (!passing.includes(String(answer.body['detail']))) return answer;
    // Thirty who come again at once are all that a busy machine does.
    await delay(AGAIN_AFTER_MS);
  }
}
