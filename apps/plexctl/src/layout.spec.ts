import { age, bar, labelled, named } from './layout';

describe('text for people', () => {
  it.each([
    [-1, '0s'],
    [59.9, '59s'],
    [312, '5m12s'],
    [7_200, '2h'],
    [90_061, '1d1h'],
  ])('has an age of %d s as %s', (seconds, text) => {
    expect(age(seconds)).toBe(text);
  });

  it('names those that are named, and counts the rest', () => {
    expect(named(['a', 'b'])).toBe('a, b');
    expect(named(['a', 'b'], 50)).toBe('a, b and 48 more');
    expect(named([], 3)).toBe('3 more');
  });

  it('has a bar that is full only when all are done', () => {
    expect(bar(199, 200, 10)).toBe('[#########-] 99 %');
    expect(bar(0, 0, 2)).toBe('[##] 100 %');
  });

  it('has its labels in one column, and nothing that steers a terminal', () => {
    expect(labelled([{ label: 'a', text: '\u001b[2J' }])).toEqual(['a         \\x1b[2J']);
  });
});
