import { seededRandom } from '@plexsphere/testkit';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

const NODES = 6;

/** More of them in the long tests. */
const ROTATIONS = Number(process.env['TEST_HTTP_ROTATIONS'] ?? 2);

/**
 * Each with beats of its own, so that they are told in every order of stream, state and heartbeat; of states it asks for
 * fewer than are refused as too many, 30 in half a minute, though each heartbeat of one that lags has it ask for another.
 */
export const step: Step = async (world) => {
  const random = seededRandom();
  const nodes = await HttpNodes.begin(world);
  const within = (least: number, most: number): number => random.integer(least, most);
  for (let n = 1; n <= NODES; n++) {
    const beats = { cutMs: within(1_500, 4_000), heartbeatMs: within(2_000, 3_000), stateMs: within(3_000, 8_000) };
    await nodes.add(`edge-${n}`, beats);
  }
  nodes.publishSteadily();
  for (let n = 1; n <= ROTATIONS; n++) {
    await nodes.rotate();
    await nodes.haveApplied();
    await nodes.close();
  }
  await nodes.expectKept();
};
