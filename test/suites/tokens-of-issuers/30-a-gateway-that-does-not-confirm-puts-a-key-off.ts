import { eventually } from '@plexsphere/testkit';
import type { IssuerReply, RotateReply, StageReply } from '@plexsphere/wire/commands';
import { issuerAt, makeIssuer } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

/** Whoever asked it might still be told that there is no such key: neither time nor force has one sign before that is over. */
export const step: Step = async (world) => {
  const { scope, slug } = await makeIssuer(world, 'put-off');
  const operator = await world.operator();
  await operator.change('policy.set', { scope, standby: false });
  const shown = () => world.json<IssuerReply>(['issuer', 'show', '--slug', slug]);
  const staged = async () => (await shown()).keys.find(({ state }) => state === 'staged');
  if ((await staged()) !== undefined) await operator.change('signing.unstage', { scope });
  // In its memory, so that its lease is waited for.
  await fetch(`${issuerAt(world, slug, 1)}/.well-known/jwks.json`);
  const gateway = world.stack.services('gateway')[1];
  gateway?.pause();
  try {
    const staging = operator.change<StageReply>('signing.stage', { scope, new_key_id: 'next' });
    await eventually(async () => (await staged()) !== undefined, { describe: 'the stage is committed' });
    expect(await staged()).toMatchObject({ key_id: 'next', propagated_at: null });
    const rotated = await operator.change<RotateReply>('signing.rotate', { scope, new_key_id: 'next', force: true });
    const { staged_at, propagated_at, lapsed } = await staging;
    // Its lease had to run out; or its row was swept, by those who saw it stand still for a lease, before the switch had.
    expect([0, 1]).toContain(lapsed.length);
    expect(Date.parse(rotated.opened_at)).toBeGreaterThan(Date.parse(staged_at) + 3_000);
    expect(Date.parse(propagated_at)).toBeGreaterThan(Date.parse(staged_at) + 4_000);
  } finally {
    gateway?.resume();
  }
};
