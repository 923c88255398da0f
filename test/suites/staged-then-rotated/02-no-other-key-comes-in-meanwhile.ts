import { handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

const refused = { code: 'FAILED_PRECONDITION', body: { detail: 'signing: another key is staged' } };

export const step: Step = async (world) => {
  const { operator } = handsOf(world);
  const request = { scope: world.domain, new_key_id: 'k3' };
  for (const command of ['signing.rotate', 'signing.stage'] as const)
    await expect(operator.change(command, request)).rejects.toThrow(refused.body.detail);
};
