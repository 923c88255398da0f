import { UsageError, parseStartOptions } from './start-options';

test('two of each unless told otherwise, and no variable that was not asked for', () => {
  expect(parseStartOptions([])).toEqual({
    ...{ rotations: 2, signers: 2, relays: 2, gateways: 2 },
    detach: false,
    rotationEnv: {},
  });
});

test('every flag', () => {
  const args =
    '--detach --rotations 1 --signers=3 --relays 4 --gateways 5 --overlap-window 30s --allow-short-overlap --lease 2s';
  expect(parseStartOptions(args.split(' '))).toEqual({
    detach: true,
    rotations: 1,
    signers: 3,
    relays: 4,
    gateways: 5,
    rotationEnv: {
      PLEXSPHERE_OVERLAP_WINDOW: '30s',
      PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true',
      PLEXSPHERE_LEASE: '2s',
    },
  });
  expect(parseStartOptions(['--help'])).toBe('help');
});

test.each([
  ['an unknown flag', ['--gateway', '1']],
  ['a stray word', ['now']],
  ['no replica', ['--signers', '0']],
  ['too many', ['--relays', '17']],
  ['no number', ['--rotations', 'two']],
  ['a duration without a unit', ['--lease', '10']],
  ['a missing value', ['--overlap-window']],
])('%s is refused in a sentence', (_, args) => {
  expect(() => parseStartOptions(args)).toThrow(UsageError);
  expect(() => parseStartOptions(args)).toThrow(/\.$/);
});
