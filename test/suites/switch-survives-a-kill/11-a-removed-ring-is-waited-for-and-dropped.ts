import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { RemoveDomainReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { LEASE_MS } from './lease';

/** A signer that is paused while a Domain is removed: nobody returns before its lease is over, and it wakes to nothing. */
export const step: Step = async (world) => {
  const id = randomUUID();
  const scope = `domain:${id}`;
  await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  await world.allSignersServe(scope);
  const [paused] = world.stack.services('signer');
  const holder = paused?.logs().findLast(({ msg }) => msg === 'lease holder')?.['holder'];
  paused?.pause();
  // By the database, whose clock nothing here has moved.
  const [lease] = await eventually(
    () => world.query<{ renewed_at: Date }>('SELECT renewed_at FROM ring.lease WHERE holder = $1', [holder]),
    { describe: 'the lease of the signer that is paused' },
  );
  const removed = await world.json<RemoveDomainReply>(['domain', 'remove', '--id', id]);
  // Its row may be swept, by those who saw it stand still for a lease, before the switch has waited for as long.
  expect([[], [holder]]).toContainEqual(removed.lapsed);
  const [{ over } = { over: false }] = await world.query<{ over: boolean }>(
    `SELECT clock_timestamp() > $1::timestamptz + $2 * interval '1 ms' AS over`,
    [lease?.renewed_at, LEASE_MS],
  );
  expect(over).toBe(true);
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
