import 'reflect-metadata';
import { Nothing, Rotate } from '@plexsphere/wire/commands';
import { validated } from './validated';

const rotate = { scope: 'platform', new_key_id: 'k-2' };
const take = (Class: new () => object, body: unknown) => validated(Class).transform(body, { type: 'body' });
const field = (name: string) => ({ code: 'INVALID_ARGUMENT', body: { field: name } });

/** What a stranger nests, and how often somebody looked into it. */
let looks = 0;
const crowd: unknown = new Proxy(
  Array.from({ length: 1_000 }, () => ({})),
  {
    get: (target, member) => (looks++, Reflect.get(target, member) as unknown),
    ownKeys: (target) => (looks++, Reflect.ownKeys(target)),
  },
);

describe('a request at the edge', () => {
  it('is an instance with its members as they came', async () => {
    const taken = await take(Rotate, { ...rotate, reason: 'monthly' });
    expect(taken).toBeInstanceOf(Rotate);
    expect(taken).toEqual({ ...rotate, reason: 'monthly' });
  });

  it.each([
    ['a list', [rotate], 'body'],
    ['null', null, 'body'],
    ['text', 'x', 'body'],
    ['an unknown member', { ...rotate, other: 1 }, 'other'],
    [
      'a member of the prototype’s',
      JSON.parse('{"scope":"platform","new_key_id":"k","__proto__":{"a":1}}'),
      '__proto__',
    ],
    ['a name that is none', { ...rotate, 'a\nb': 1 }, 'body'],
    ['a missing member', { new_key_id: 'k' }, 'scope'],
    ['an object in place of text', { ...rotate, new_key_id: { length: 3 } }, 'new_key_id'],
  ])('is refused by field: %s', async (_, body, name) => {
    await expect(take(Rotate, body)).rejects.toMatchObject(field(name));
  });

  it('S2: costs nothing of what a stranger nests in it', async () => {
    looks = 0;
    await expect(take(Rotate, { ...rotate, crowd })).rejects.toMatchObject(field('crowd'));
    await expect(take(Rotate, { ...rotate, reason: crowd })).rejects.toMatchObject(field('reason'));
    await expect(take(Nothing, { crowd })).rejects.toMatchObject(field('crowd'));
    // Thousands, where an instance is made of each.
    expect(looks).toBeLessThan(20);
  });

  it('takes nothing where a command takes nothing', async () => {
    expect(await take(Nothing, {})).toEqual({});
    await expect(take(Nothing, { scope: 'platform' })).rejects.toMatchObject(field('scope'));
    await expect(take(Nothing, [])).rejects.toMatchObject(field('body'));
  });

  it.each([
    '',
    '  ',
    '\u0000',
    'a\nb',
    '\u001b[2J',
    '\u009b',
    '\u202e',
    '\u2066x',
    '\ud800',
    '\u2028',
    'x'.repeat(501),
  ])('S16: refuses the reason %j', async (reason) => {
    await expect(take(Rotate, { ...rotate, reason })).rejects.toMatchObject(field('reason'));
  });

  it.each(['monthly', 'Schlüsselwechsel № 7 – 鍵 🔑 (see OPS-12)', 'x'.repeat(500)])(
    'takes the reason %j',
    async (reason) => {
      expect(await take(Rotate, { ...rotate, reason })).toMatchObject({ reason });
    },
  );
});
