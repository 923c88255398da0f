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
});
