import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';
import { throughTheLifeOfAKey } from '../../src/through-the-life-of-a-key';

/** With their times cut to three seconds, and their cool-downs to one: the propagation delay is five. */
export const step: Step = async (world) =>
  throughTheLifeOfAKey(await IssuerLife.begin(world, 'libraries'), {
    ...{ isHasty: true, guardTimes: { pollEveryMs: 3_000, refetchAfterMs: 1_000 } },
    ...{ everyMs: 500, askAgainMs: 5_000 },
  });
