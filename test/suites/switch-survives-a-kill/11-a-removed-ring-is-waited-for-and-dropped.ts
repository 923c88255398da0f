import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { RemoveDomainReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';

/** A signer that is paused while a Domain is removed: nobody returns before its lease is over, and it wakes to nothing. */
export const step: Step = async (world) => {
  const id = randomUUID();
  const scope = `domain:${id}`;
  await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  await world.allSignersServe(scope);
  const [paused] = world.stack.services('signer');
  const holder = paused?.logs().findLast(({ msg }) => msg === 'lease holder')?.['holder'];
  paused?.pause();
  const removed = await world.json<RemoveDomainReply>(['domain', 'remove', '--id', id]);
  expect(removed.lapsed).toEqual([holder]);
  paused?.resume();
  const kept = () =>
    world.query('SELECT FROM material.wrapped_key WHERE scope = $1 AND ciphertext IS NOT NULL', [scope]);
  await eventually(async () => (await kept()).length === 0, { describe: 'the keys destroyed' });
  const recorded = () =>
    world.query('SELECT FROM ring.key_ring WHERE scope = $1 AND keys_destroyed_at IS NOT NULL', [scope]);
  await eventually(async () => (await recorded()).length === 1, { describe: 'the removal recorded as finished' });
  await eventually(() => paused?.logs().some(({ msg, scope: of }) => msg === 'ring removed' && of === scope), {
    describe: 'the signer that woke dropping the ring',
  });
};
