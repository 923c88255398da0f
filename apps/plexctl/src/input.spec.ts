import { Readable } from 'node:stream';
import { Desk, Sink } from '../testing/surroundings';
import { parseObject, readInput } from './input';
import { Terminal } from './terminal';

const desk = new Desk();
afterAll(() => desk.remove());

const terminal = new Terminal(new Sink(), new Sink());
const read = (path: string | undefined, stdin = ''): Promise<string> =>
  readInput(path, 'payload-file', Readable.from([stdin]), terminal);

describe('an input', () => {
  it('comes from the file, or from standard input', async () => {
    expect(await read(desk.file('payload', 'of the file'), 'of stdin')).toBe('of the file');
    expect(await read(undefined, 'of stdin')).toBe('of stdin');
    expect(await read('-', 'of stdin')).toBe('of stdin');
  });

  it('is refused where it cannot be read or is larger than a message', async () => {
    const refusal = { exitCode: 2, members: { field: 'payload_file' } };
    await expect(read('/nowhere/payload')).rejects.toMatchObject(refusal);
    await expect(read(desk.folder)).rejects.toMatchObject(refusal);
    await expect(read(undefined, 'x'.repeat(1_048_577))).rejects.toMatchObject(refusal);
  });
});

describe('an object to sign', () => {
  it('is read as it is written', () => {
    expect(parseObject(' {"a":[1.5,9007199254740991,-9007199254740992,"12345678901234567890"]} ', 'f')).toEqual({
      a: [1.5, 9_007_199_254_740_991, -9_007_199_254_740_992, '12345678901234567890'],
    });
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '"text"',
    '{"a":1}{"a":2}',
    '{"a":12345678901234567890}',
    '[{"n":-9007199254740993}]',
  ])('is not %j', (text) => {
    expect(() => parseObject(text, 'f')).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
