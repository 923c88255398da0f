import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const ran = await world.json(['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'platform-2026-05']);
  expect(ran).toMatchObject({ scope: 'platform', old_key_id: 'platform-1', new_key_id: 'platform-2026-05' });
};
