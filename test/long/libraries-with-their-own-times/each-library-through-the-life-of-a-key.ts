import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';
import { throughTheLifeOfAKey } from '../../src/through-the-life-of-a-key';

/** As they come, and as installations come. */
export const step: Step = async (world) =>
  throughTheLifeOfAKey(await IssuerLife.begin(world, 'libraries'), {
    ...{ isHasty: false, guardTimes: {}, everyMs: 10_000, askAgainMs: 11 * 60_000 },
  });
