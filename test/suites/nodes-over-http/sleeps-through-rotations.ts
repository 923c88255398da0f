import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** How many it sleeps through, once each; more in the long tests. */
const SLEPT = (process.env['TEST_SLEPT'] ?? '1,2').split(',').map(Number);

/** One has its keys and its id when it wakes; of the other another process begins. */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  const sleeper = await nodes.add('sleeper');
  let other = await nodes.add('other');
  await nodes.haveAll(await nodes.publish());
  for (const rotations of SLEPT) {
    sleeper.stillness.fallAsleep();
    await other.stop();
    for (let n = 1; n <= rotations; n++) {
      await nodes.rotate();
      await nodes.publish();
      await nodes.close({ force: true });
    }
    sleeper.stillness.thaw();
    other = await nodes.restart(other);
    await nodes.haveAll(await nodes.publish(), nodes.nodes, { before: rotations });
    await nodes.haveApplied();
  }
  await nodes.expectKept();
};
