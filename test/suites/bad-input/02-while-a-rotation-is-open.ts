import type { Step } from '../../src/tell-story';
import { Transcript } from '../../src/transcript';
import { fingerprint } from '../../src/fingerprint';

export const step: Step = async (world) => {
  const { domain } = world;
  await world.json(['signing', 'rotate', '--scope', domain, '--new-key-id', 'k2']);
  const before = await fingerprint(world);
  const transcript = new Transcript(world);
  const close = (old: string, next: string): string[] => [
    'signing',
    'close',
    '--scope',
    domain,
    '--old',
    old,
    '--new',
    next,
  ];
  for (const [args, says] of [
    [['signing', 'rotate', '--scope', domain, '--new-key-id', 'k3'], 'rotation in progress'],
    [close('k0', 'k2'), 'transition mismatch'],
    [close('k1', 'k3'), 'transition mismatch'],
    [close('k2', 'k1'), 'transition mismatch'],
  ] as const) {
    const ran = await world.plexctl([...args]);
    transcript.add(args, ran);
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain(`signing: ${says}`);
  }
  expect(await fingerprint(world)).toEqual(before);
  transcript.expectToMatch('refused-while-open.transcript');
};
