import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@plexsphere/testkit';
import { domainScope } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';

/** From when a copy was taken until the one before it is refused, whose signers had a second. */
const FIRST_IS_REFUSED_MS = 300;
const COPY_IS_DONE_MS = 5_000;

/** The signers wake up too late for the first copy, and in time for the next one: it is done, and not refused. */
export const step: Step = async (world) => {
  const id = randomUUID();
  const scope = domainScope(id);
  // By a connection that comes again: the leases ran out while nobody answered.
  await (await world.operator()).change('domain.create', { id, key_id: 'k1' });
  await world.allSignersServe(scope);
  const signers = world.stack.services('signer');
  for (const signer of signers) signer.pause();
  const rotating = world.plexctl(['signing', 'rotate', '--scope', scope, '--new-key-id', 'k2']);
  let isOver = false;
  void rotating.then(() => (isOver = true));
  const takenAt = (): Promise<{ at: Date }[]> =>
    world.query(`SELECT prepared_at AS at FROM ring.prepared_key WHERE scope = $1 AND key_id = 'k2'`, [scope]);
  const first = await eventually(async () => (await takenAt())[0], { describe: 'the first copy' });
  // Or none comes, where the first was refused at once.
  const isAnotherTaken = async (): Promise<boolean> => isOver || ((await takenAt())[0]?.at ?? first.at) > first.at;
  await eventually(isAnotherTaken, { describe: 'another copy' });
  await delay(FIRST_IS_REFUSED_MS);
  for (const signer of signers) signer.resume();
  const { exitCode, stderr } = await rotating;
  // What was refused stays undone, however long one looks.
  if (exitCode !== 0) await delay(COPY_IS_DONE_MS);
  const opened = await world.query(`SELECT FROM ring.transition WHERE scope = $1`, [scope]);
  expect([exitCode, opened.length, stderr.includes('outcome unknown')]).toEqual([
    1 - opened.length,
    opened.length,
    false,
  ]);
};
