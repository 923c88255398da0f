import { handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator } = handsOf(world);
  const request = { scope: world.domain, new_key_id: 'k3' };
  for (const command of ['signing.rotate', 'signing.stage'] as const)
    await expect(operator.change(command, request)).rejects.toThrow('signing: rollback settling');
  // There is nothing left to undo.
  await expect(operator.change('signing.rollback', { scope: world.domain })).rejects.toThrow('FAILED_PRECONDITION');
};
