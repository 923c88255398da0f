import { durationUpTo, secondsOf } from './duration';

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['24h', 86_400],
    ['7d', 604_800],
    ['1h30m', 5_400],
    ['3650d', 315_360_000],
  ])('%s is %d seconds', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each(['', '0', '10', '0s', '-1s', '1.5h', '10 m', 'm', '1m1h', '10ms', '1w', '99999999999s'])(
    '%p is none',
    (text) => {
      expect(secondsOf(text)).toBeUndefined();
    },
  );

  it('is at most what a flag can use', () => {
    expect(['7d', '168h', '8d', ''].map(durationUpTo('7d').accepts)).toEqual([true, true, false, false]);
  });
});
