import { UsageError, parseDemoOptions } from './options';

test('all chapters where none is named, one where one is', () => {
  const all = { json: false, nodes: 50, chapters: ['rotation', 'rollback', 'revoke', 'issuer', 'channel', 'fleet'] };
  expect(parseDemoOptions([])).toEqual(all);
  expect(parseDemoOptions(['rollback', '--json', '--nodes', '2'])).toEqual({
    ...{ json: true, nodes: 2, chapters: ['rollback'] },
  });
});

test.each([
  [['toString'], 'There is no chapter "toString": there are rotation, rollback, revoke, issuer, channel, fleet.'],
  [['rollback', 'revoke'], 'One chapter is told, or all of them.'],
  [['--nodes', '1'], '--nodes must be a number from 2 to 500.'],
  [['--nodes', '501'], '--nodes must be a number from 2 to 500.'],
  [['--nodes', 'many'], '--nodes must be a number from 2 to 500.'],
  [['--chapter', 'x'], "Unknown option '--chapter'."],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => parseDemoOptions(args)).toThrow(new UsageError(sentence));
});
