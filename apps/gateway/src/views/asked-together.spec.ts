import { setImmediate as nextTurn } from 'node:timers/promises';
import { AskedTogether } from './asked-together';

let statements: string[][];
let rowOf: (key: string) => string | undefined;

const rows = new AskedTogether<string, string>(async (keys) => {
  statements.push([...keys]);
  return keys.map((key) => rowOf(key));
});

beforeEach(() => {
  statements = [];
  rowOf = (key) => `row of ${key}`;
});

test('who asks within a turn shares a statement, and each has the row that is theirs', async () => {
  rowOf = (key) => (key === 'b' ? undefined : `row of ${key}`);
  expect(await Promise.all(['a', 'b', 'c', 'a'].map((key) => rows.of(key)))).toEqual([
    'row of a',
    undefined,
    'row of c',
    'row of a',
  ]);
  expect(statements).toEqual([['a', 'b', 'c', 'a']]);
});

test('who asks once a statement has begun has one of their own, which knows what changed meanwhile', async () => {
  const before = rows.of('a');
  await nextTurn();
  rowOf = () => undefined;
  expect(await Promise.all([before, rows.of('a')])).toEqual(['row of a', undefined]);
  expect(statements).toEqual([['a'], ['a']]);
});

test('a statement that fails does so for all who share it, and for nobody else', async () => {
  rowOf = () => {
    throw new Error('away');
  };
  const failed = await Promise.allSettled([rows.of('a'), rows.of('b')]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  rowOf = (key) => `row of ${key}`;
  expect(await rows.of('a')).toBe('row of a');
});

test('however many ask, a statement has so many keys at the most', async () => {
  const keys = Array.from({ length: 300 }, (_, n) => `${n}`);
  expect(await Promise.all(keys.map((key) => rows.of(key)))).toEqual(keys.map((key) => `row of ${key}`));
  expect(statements.map(({ length }) => length)).toEqual([128, 128, 44]);
});
