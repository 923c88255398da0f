import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { renewAs, thief } from './thief';

const FALSE_EPOCH = Number.MAX_SAFE_INTEGER;

interface Status {
  scopes: { signers: { holder: string; claimed_epoch?: number }[] }[];
}

/** S8: a number that nothing proves, for every scope. */
export const step: Step = async (world) => {
  const bus = await thief(world);
  let turn = 0;
  const lie = () =>
    renewAs(bus, 'thief-1', { turn: ++turn, epochs: { platform: FALSE_EPOCH, [world.domain]: FALSE_EPOCH } });
  // Said again before each look: what nobody repeats is forgotten with its lease.
  await eventually(async () => {
    expect(await lie()).toMatchObject({ code: 'OK', body: { granted: [] } });
    const { scopes } = await world.json<Status>(['signing', 'status', '--scope', world.domain]);
    const signers = scopes[0]?.signers ?? [];
    return signers.some(({ holder, claimed_epoch: epoch }) => holder === 'thief-1' && epoch === FALSE_EPOCH);
  });
  await eventually(async () => {
    await lie();
    const text = await world.plexctl(['signing', 'status', '--scope', world.domain]);
    return text.stdout.includes(`thief-1 (claims epoch ${FALSE_EPOCH} without a proof)`);
  });

  await lie();
  await world.json(['signing', 'close', '--scope', world.domain, '--old', 'k2', '--new', 'k3']);
  await lie();
  // It is asked to load the new key as every signer is, and named for its silence; nobody waits for it.
  expect(await world.json(['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'platform-2'])).toMatchObject({
    unready: ['thief-1'],
    lapsed: [],
  });
  await lie();
  await world.json(['signing', 'close', '--scope', 'platform', '--old', 'platform-1', '--new', 'platform-2']);
  expect(await world.json(['signing', 'sign', '--scope', world.domain], '{}')).toMatchObject({ key_id: 'k3' });
  expect(await world.query('SELECT FROM ring.later_statement')).toEqual([]);
};
