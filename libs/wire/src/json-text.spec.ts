import fc from 'fast-check';
import { compactJson, JsonTextError, MAX_DEPTH, readMembers, spelled } from './json-text';

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('hostile JSON', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['an unterminated string', '"abc'],
    ['a string that ends in its escape', '"abc\\'],
    ['an unknown escape', '"\\x"'],
    ['a short \\u escape', '"\\u12"'],
    ['a \\u escape cut by the quote', '"\\u12"34"'],
    ['a raw control character', '"a\nb"'],
    ['a raw NUL', '"a\0b"'],
    ['a leading zero', '01'],
    ['a plus sign', '+1'],
    ['a bare minus', '-'],
    ['a fraction without digits', '1.'],
    ['an exponent without digits', '1e'],
    ['a hexadecimal number', '0x1'],
    ['NaN', 'NaN'],
    ['a word', 'nul'],
    ['a word that runs on', 'nullx'],
    ['two values', '1 2'],
    ['a trailing comma in an array', '[1,]'],
    ['a trailing comma in an object', '{"a":1,}'],
    ['a missing comma', '[1 2]'],
    ['a missing colon', '{"a" 1}'],
    ['a number for a key', '{1:1}'],
    ['brackets that do not match', '[1}'],
    ['an open array', '[1'],
    ['an open object', '{"a":1'],
    ['a comment', '/**/1'],
    ['a single-quoted string', "'a'"],
    ['a byte order mark', '\ufeff1'],
    ['a no-break space', '\u00a01'],
    ['raw HTML outside strings', '<1>'],
  ])('%s is refused', (_, text) => {
    expect(() => compactJson(text)).toThrow(JsonTextError);
    expect(() => readMembers(`{"a":${text}}`)).toThrow(JsonTextError);
  });

  test('nesting is bounded, and far beyond the bound the stack still holds', () => {
    expect(compactJson(nested(MAX_DEPTH))).toBe(nested(MAX_DEPTH));
    expect(() => compactJson(nested(MAX_DEPTH + 1))).toThrow(JsonTextError);
    expect(() => compactJson('['.repeat(1_000_000))).toThrow(JsonTextError);
    expect(() => compactJson('{"a":'.repeat(1_000_000))).toThrow(JsonTextError);
  });

  test('siblings do not count as depth', () => {
    const text = `[${Array(MAX_DEPTH * 2)
      .fill('{}')
      .join(',')}]`;
    expect(compactJson(text)).toBe(text);
  });

  test('long strings and numbers are read in linear time', () => {
    const long = 1_000_000;
    expect(compactJson(`"${'\\\\'.repeat(long)}"`)).toHaveLength(2 * long + 2);
    expect(compactJson('1'.repeat(long))).toHaveLength(long);
    expect(compactJson(` "${'\\\\ <'.repeat(long / 4)}"`)).toHaveLength((9 * long) / 4 + 2);
    expect(compactJson(`[ ${'"a b" , '.repeat(long / 4)}1]`)).toHaveLength((6 * long) / 4 + 3);
    expect(() => compactJson(`"${'a'.repeat(long)}`)).toThrow(JsonTextError);
  });

  test('it accepts exactly what JSON.parse accepts', () => {
    const fragment = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '\\', 'u0041', 'n', '0', '1', '.', 'e', '-', '+', ' ', '\t', 'a'],
      ...['true', 'null', '"a"', '"b":', '<', '\u2028', '\u0001'],
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (fragments) => {
        const text = fragments.join('');
        let accepted = true;
        try {
          compactJson(text);
        } catch {
          accepted = false;
        }
        expect(accepted).toBe(parses(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test('whether the engine’s parser vouches for a text or the scanner, it is spelled as it stands there, without blanks', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '"a b"',
        '" \\" { "',
        '"\\\\"',
        '"\\u0020<"',
        '"\u2028&"',
        '1.0',
        '-0',
        '1E5',
        'true',
        '"\ud800"',
      ),
      fc.json(),
    );
    const blanks = fc.stringMatching(/^[ \t\n\r]{0,3}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, blanks), { minLength: 1, maxLength: 6 }), (pieces) => {
        const spaced = pieces.map(([text, blank]) => `${blank}${text}${blank}`).join(',');
        const text = `[${spaced}]`;
        expect(compactJson(text)).toBe(byCharacter(text.toWellFormed()));
        expect(spelled(readMembers(`{"a":${text}}`).get('a')!)).toBe(byCharacter(text.toWellFormed()));
        const deep = `${'['.repeat(MAX_DEPTH - 10)}${'[],'.repeat(20)}${text}${']'.repeat(MAX_DEPTH - 10)}`;
        expect(compactJson(deep)).toBe(byCharacter(deep.toWellFormed()));
      }),
    );
  });
});

/** One character after the other, in strings and outside of them. */
function byCharacter(text: string): string {
  let spelling = '';
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') isString = !isString;
    if (character === '\\') spelling += character + text[(at += 1)]!;
    else if ('<>&\u2028\u2029'.includes(character))
      spelling += `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    else if (isString || !' \t\r\n'.includes(character)) spelling += character;
  }
  return spelling;
}

describe('readMembers', () => {
  test.each(['[]', '"a"', 'null', '1', '{}x', ''])('%s is no object', (text) => {
    expect(() => readMembers(text)).toThrow(JsonTextError);
  });

  test('gives each value as it was written; of duplicates the last', () => {
    const members = readMembers(' { "a" : 1 , "\\u0061" : [ "<" , 1.0 ] , "__proto__" : { } } ');
    expect([...members]).toEqual([
      ['a', '[ "<" , 1.0 ]'],
      ['__proto__', '{ }'],
    ]);
  });
});
