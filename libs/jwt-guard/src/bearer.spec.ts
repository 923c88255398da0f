import { bearerToken } from './bearer';

const of = (authorization?: string, rawHeaders?: string[]) => bearerToken({ headers: { authorization }, rawHeaders });

it.each([
  ['Bearer a.b.c', 'a.b.c'],
  ['bearer a.b.c', 'a.b.c'],
  ['BEARER  a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
])('takes the token of %j', (authorization, token) => expect(of(authorization)).toEqual({ token }));

it.each([[undefined], [''], ['Basic dTpw'], ['Bearers a.b.c'], ['Token a.b.c'], ['a.b.c']])(
  'sees no token in %j',
  (authorization) => expect(of(authorization)).toBe('token_missing'),
);

it.each([
  ['Bearer'],
  ['Bearer '],
  ['Bearer a.b.c d'],
  ['Bearer a.b.c, Bearer d'],
  ['Bearer "a"'],
  ['Bearer é'],
  ['Bearer ='],
])('refuses %j', (authorization) => expect(of(authorization)).toBe('request_malformed'));

it('refuses two tokens, of which others may have taken the other', () => {
  const two = ['Host', 'a', 'Authorization', 'Bearer a', 'authorization', 'Bearer b'];
  expect(of('Bearer a', two)).toBe('request_malformed');
  expect(of('Bearer a', ['x-value', 'authorization', 'Authorization', 'Bearer a'])).toEqual({ token: 'a' });
});

it('is done with the longest header at once', () => {
  const began = performance.now();
  of(`Bearer ${'a'.repeat(1_000_000)} `);
  of(`Bearer${' '.repeat(1_000_000)}`);
  expect(performance.now() - began).toBeLessThan(5_000);
});
