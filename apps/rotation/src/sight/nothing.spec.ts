import 'reflect-metadata';
import { nothing } from './nothing';

const take = (body: unknown) => nothing.transform(body, { type: 'body' });

describe('a command that takes nothing', () => {
  it('takes an empty body', () => expect(take({})).toEqual({}));

  it.each([
    ['a member', { scope: 'platform' }, 'scope'],
    ['a list', [], 'body'],
    ['null', null, 'body'],
    ['text', 'x', 'body'],
  ])('refuses %s', (_, body, field) => {
    expect(() => take(body)).toThrow(expect.objectContaining({ body: expect.objectContaining({ field }) }));
  });
});
