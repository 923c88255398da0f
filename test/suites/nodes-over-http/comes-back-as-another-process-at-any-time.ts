import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** Long tests have more. */
const ROUNDS = Number(process.env['TEST_RESTART_ROUNDS'] ?? 1);

/** It begins with the key of its registration day each time, which may have signed nothing for two rotations. */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  await nodes.addSome(2);
  nodes.publishSteadily();
  const restart = async (): Promise<void> => void (await nodes.restart(nodes.nodes[0]!));
  for (let round = 1; round <= ROUNDS; round++) {
    await restart();
    await Promise.all([nodes.rotate(), restart()]);
    await restart();
    await nodes.haveApplied();
    await restart();
    await nodes.haveApplied();
    await Promise.all([nodes.close(), restart()]);
    await restart();
    await nodes.haveAll(await nodes.publish());
  }
  await nodes.haveApplied();
  await nodes.expectKept();
};
