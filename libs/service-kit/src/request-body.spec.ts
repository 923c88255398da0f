import { Problem } from '@plexsphere/wire';
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

  it('counts no bracket in a string', () => {
    const text = '['.repeat(10_000);
    expect(read(JSON.stringify({ text, quoted: `"${text}` }))).toEqual({ text, quoted: `"${text}` });
  });
});
