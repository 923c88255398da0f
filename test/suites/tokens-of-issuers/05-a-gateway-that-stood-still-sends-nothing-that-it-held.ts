import { eventually } from '@plexsphere/testkit';
import { makeClient, makeIssuer } from '../../src/oauth-hands';
import { keyOf, promote } from '../../src/promote';
import type { Step } from '../../src/tell-story';
import { HUNG_UP, TokenCrowd } from '../../src/token-crowd';

const AT_ONCE = 16;

/** Signatures by the old key lie at its door when it goes on: what it would send later than D after it asked it drops. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'stood-still');
  const client = await makeClient(world, issuer, 'waiting');
  const [old, standby] = [await keyOf(world, issuer, 'active'), await keyOf(world, issuer, 'staged')];
  const crowd = new TokenCrowd([issuer.url], client, AT_ONCE);
  const [gateway] = world.stack.services('gateway');
  try {
    await crowd.hasGiven(old);
    gateway?.pause();
    try {
      // It returns once the gateway's lease has run out.
      await promote(world, issuer);
    } finally {
      gateway?.resume();
    }
    const resumedMs = performance.now();
    const held = () => crowd.answered.filter(({ beganMs, endedMs }) => beganMs < resumedMs && endedMs >= resumedMs);
    await eventually(() => held().length >= AT_ONCE, { describe: 'answers to all that waited', timeoutMs: 60_000 });
    await crowd.hasGiven(standby);
    const after = crowd.answered.filter(({ endedMs }) => endedMs >= resumedMs);
    expect(after.filter(({ kid }) => kid === old)).toEqual([]);
    expect(after.filter(({ status }) => ![200, 503, HUNG_UP].includes(status))).toEqual([]);
  } finally {
    await crowd.stop();
  }
};
