import { refusal } from '@plexsphere/testkit';
import { subjects } from '@plexsphere/wire';
import { CHANGED_NOTHING, pastSilence } from '../../src/past-silence';
import type { Step } from '../../src/tell-story';
import { holderOf, renewAs, thief } from './thief';

const ANOTHER = { code: 'PERMISSION_DENIED', body: { detail: 'signing: lease of another holder' } };

/** S8: a signer is stopped, and whoever holds the signers' credential would have its lease forgotten meanwhile. */
export const step: Step = async (world) => {
  await world.allSignersServe(world.domain);
  const bus = await thief(world);
  const [victim] = world.stack.services('signer');
  if (victim === undefined) throw new Error('no signer');
  const holder = holderOf(victim);
  victim.pause();
  const row = `SELECT turn, epochs, released FROM ring.lease WHERE holder = $1`;
  const before = await world.query(row, [holder]);
  const rotating = pastSilence(
    world,
    ['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k3'],
    // Where the only one that goes on is too slow, too: nothing has changed then.
    ['signing: key unavailable', 'signing: no lease', 'signing: no signer available', ...CHANGED_NOTHING],
  );
  for (const turn of [1, Number.MAX_SAFE_INTEGER]) {
    expect(await renewAs(bus, holder, { turn, release: true })).toMatchObject(ANOTHER);
    expect(await renewAs(bus, holder, { turn })).toMatchObject(ANOTHER);
    expect(await renewAs(bus, holder, { turn, epochs: { [world.domain]: Number.MAX_SAFE_INTEGER } })).toMatchObject(
      ANOTHER,
    );
  }
  const asGateway = subjects.renewLease('gateway', holder);
  expect(await refusal(bus, () => bus.publish(asGateway, '{}'))).toBe(`publish ${asGateway}`);
  // Or it has run out by itself by now: it was not renewed, and not given back.
  expect([before, []]).toContainEqual(await world.query(row, [holder]));

  const { exitCode, stderr } = await rotating;
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  victim.resume();
  const sign = () => world.json<{ key_id: string }>(['signing', 'sign', '--scope', world.domain], '{}');
  const signed = await Promise.all(Array.from({ length: 12 }, sign));
  expect(new Set(signed.map((each) => each.key_id))).toEqual(new Set(['k3']));
};
