import { nearest } from './suggest';

describe('what was probably meant', () => {
  const words = ['signing rotate', 'signing close', 'node add'];

  it.each([
    ['signing rotat', 'signing rotate'],
    ['sigining close', 'signing close'],
    ['node ad', 'node add'],
    ['nodes', undefined],
    ['', undefined],
    ['x', undefined],
  ])('by %j is %s', (written, meant) => {
    expect(nearest(written, words)).toBe(meant);
  });

  it.each([
    ['node-id', ['scope', 'node'], 'node'],
    ['node', ['scope', 'node-id'], 'node-id'],
    ['nodeid', ['scope', 'n'], undefined],
    ['', ['-a'], undefined],
  ])('by the flag %j is, of %j, %s', (written, flags, meant) => {
    expect(nearest(written, flags)).toBe(meant);
  });
});
