import { endsSoon } from './token-expiry';

const DAY = 24 * 3_600;
const NOW = new Date('2026-01-01T00:00:00Z');
const seconds = NOW.getTime() / 1_000;
const jwt = (claims: object): string => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

it.each([
  ['90 days, 14 of them left', { iat: seconds - 77 * DAY, exp: seconds + 13 * DAY }, true],
  ['90 days, 20 of them left', { iat: seconds - 70 * DAY, exp: seconds + 20 * DAY }, false],
  ['a day, just made', { iat: seconds, exp: seconds + DAY }, false],
  ['a day, an hour of it left', { iat: seconds - 23 * 3_600, exp: seconds + 3_600 }, true],
  ['over', { iat: seconds - DAY, exp: seconds - 1 }, false],
  ['no end', { iat: seconds }, false],
])('S3: a token is said to end where that is soon: %s', (_, claims, isSoon) => {
  expect(endsSoon(jwt(claims), NOW) !== undefined).toBe(isSoon);
});

it('says nothing of what is no JWT', () => {
  expect([endsSoon('', NOW), endsSoon('a.b.c', NOW), endsSoon(jwt([]), NOW)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
