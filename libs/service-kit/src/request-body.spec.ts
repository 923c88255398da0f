import { Problem, problem } from '@plexsphere/wire';
import { requestBody } from './request-body';

const read = (text: string): unknown => requestBody(Buffer.from(text));
const refusedField = (bytes: Uint8Array): string | undefined => {
  try {
    requestBody(bytes);
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.body.field : 'no problem';
  }
};
const nested = (depth: number, [open, close] = ['[', ']']): string => `${open.repeat(depth)}1${close.repeat(depth)}`;

describe('the body of a request', () => {
  it('is an object where there is none', () => expect(read('')).toEqual({}));

  it('is what the JSON says', () => {
    expect(read('{"a":[1,{"b":"[{\\"]}"}],"c":"\\\\"}')).toEqual({ a: [1, { b: '[{"]}' }], c: '\\' });
  });

  it.each(['{', '"', '[1,', 'nothing', '{"a":1}}', '\\'])('S2: is refused where it is %j', (text) => {
    expect(refusedField(Buffer.from(text))).toBe('body');
  });

  it('is refused where it is no UTF-8', () => {
    expect(refusedField(Buffer.from([0x22, 0xff, 0x22]))).toBe('body');
  });

  it('S16: may nest as deep as a payload may, and no deeper; the member that does is named', () => {
    expect(refusedField(Buffer.from(`{"payload":${nested(511)}}`))).toBeUndefined();
    expect(refusedField(Buffer.from(`{"scope":"x","payload":${nested(512)}}`))).toBe('payload');
    expect(refusedField(Buffer.from(nested(513)))).toBe('body');
    expect(refusedField(Buffer.from(`{"a b":${nested(600)}}`))).toBe('body');
  });

  it('S16: nested 100,000 deep is refused in no time, whether it ends or not', () => {
    const beganAt = performance.now();
    expect(refusedField(Buffer.from(`{"payload":${nested(100_000, ['{"a":', '}'])}}`))).toBe('payload');
    expect(refusedField(Buffer.from('['.repeat(1_000_000)))).toBe('body');
    expect(performance.now() - beganAt).toBeLessThan(2_000);
  });

  it.each([
    ['items', (count: number) => `[${'0,'.repeat(count - 1)}0]`],
    ['objects', (count: number) => `[${'{},'.repeat(count / 2 - 1)}{}]`],
    ['lists in lists', (count: number) => `[${'[0],'.repeat(count / 2 - 1)}[0]]`],
    ['members', (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join()}}`],
  ])('has as many %s as it may have values, and no more', (_, text) => {
    const taken = (count: number) => requestBody(Buffer.from(text(count)), 1_000);
    expect(JSON.stringify(taken(1_000))).toBe(text(1_000));
    for (const count of [1_002, 300_000])
      expect(() => taken(count)).toThrow(problem('invariantViolation', { field: 'body' }));
  });

  it('counts no bracket and no comma in a string', () => {
    const text = '[,'.repeat(10_000);
    expect(requestBody(Buffer.from(JSON.stringify({ text })), 10)).toEqual({ text });
    expect(read(JSON.stringify({ text, quoted: `"${text}` }))).toEqual({ text, quoted: `"${text}` });
  });
});
