import { bearerHash, createBusKey, makeBearer, parseTokenFile, tokenFileText } from './bus-credential';

test('a token file is read as it was written', () => {
  const file = { operator: 'o', busCredential: 'c', bearer: makeBearer() };
  expect(parseTokenFile(tokenFileText(file))).toEqual(file);
  expect(bearerHash(file.bearer)).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['nothing', ''],
  ['no JSON', 'SECRET'],
  ['null', 'null'],
  ['a list', '[]'],
  ['members that are no texts', '{"operator": 1, "bus_credential": {}, "bearer": null}'],
])('of %s no member is read, and nothing is quoted', (_, text) => {
  expect(parseTokenFile(text)).toEqual({});
});

test('no two keys or bearers are the same', () => {
  const drawn = Array.from({ length: 50 }, () => [createBusKey('user').seed, makeBearer()]).flat();
  expect(new Set(drawn).size).toBe(100);
});
