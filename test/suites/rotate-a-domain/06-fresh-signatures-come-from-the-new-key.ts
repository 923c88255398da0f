import type { Step } from '../../src/tell-story';

interface Signed {
  jws: string;
  key_id: string;
}

export const step: Step = async (world) => {
  for (let i = 0; i < 5; i++) {
    const signed = await world.json<Signed>(['signing', 'sign', '--scope', world.domain], '{"during":true}');
    expect(signed.key_id).toBe('domain-2026-05');
    world.kept.set('signed during', signed.jws);
  }
  const before = world.kept.get('signed before') as string;
  const verified = await world.json(['signing', 'verify', '--scope', world.domain], before);
  expect(verified).toMatchObject({ valid: true, key_id: 'domain-2026-04', payload: { before: true } });
};
