import { render, table } from './render';
import { printable } from './printable';

/** One of each kind: turned round, invisible, joined, a line of its own, an annotation, a tag beyond U+FFFF, a half. */
const STEERING = ['\u001b', '\u009b', '\u202e', '\u2066', '\u200b', '\u200d', '\u00ad', '\ufeff', '\u2028', '\u2029'];
const BEYOND = ['\u{e0041}', '\u{1d173}', '\ud800'];
const ALL = [...STEERING, ...BEYOND];

describe('S16: what comes from outside', () => {
  it.each(ALL.map((character) => [character.codePointAt(0)?.toString(16) ?? '', character]))(
    'U+%s is escaped in a line, a table, JSON and YAML, and nothing is lost',
    async (hex, character) => {
      const text = `edge${character}7`;
      expect(printable(text)).toBe(hex.length <= 2 ? `edge\\x${hex}7` : `edge\\u{${hex}}7`);
      expect(table({ columns: ['NAME'], rows: [[text]] })).not.toContain(character);
      const result = { text, document: { [text]: [text] } };
      expect(await render(result, 'text')).not.toContain(character);
      const json = await render(result, 'json');
      expect(json).not.toContain(character);
      expect(JSON.parse(json)).toEqual(result.document);
      const yaml = await render(result, 'yaml');
      expect(yaml).not.toContain(character);
      const { parse } = await import('yaml');
      expect(parse(yaml)).toEqual(result.document);
    },
  );

  it('keeps letters of every script, and signs that are only seldom seen', () => {
    const text = 'Zürich – 東京 – Ωμέγα – עברית – e\u0301 – 😀';
    expect(printable(text)).toBe(text);
  });
});
