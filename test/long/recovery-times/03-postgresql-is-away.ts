import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../src/tell-story';
import { longestSilence, report } from './silence';

const AWAY_MS = 12_000;
/** P-8: leases of 10 s ran out meanwhile, and are renewed within a third of that; claims are given back at once. */
const WITHIN_S = 8;

export const step: Step = async (world) => {
  const { postgres } = world.stack;
  const stopped = await longestSilence(world, async () => {
    await postgres.stop();
    await delay(AWAY_MS);
    await postgres.start();
  });
  report(`PostgreSQL is stopped for ${AWAY_MS / 1_000} s, silence`, stopped);
  const frozen = await longestSilence(world, async () => {
    postgres.pause();
    await delay(AWAY_MS);
    postgres.resume();
  });
  report(`PostgreSQL stands still for ${AWAY_MS / 1_000} s, silence`, frozen);
  const most = AWAY_MS / 1_000 + WITHIN_S + Number(world.kept.get('usual'));
  expect(Math.max(stopped, frozen)).toBeLessThan(most);
};
