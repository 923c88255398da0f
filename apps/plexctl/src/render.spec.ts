import { render, span, table, utc } from './render';

describe('a result', () => {
  const document = { scope: 'platform', epoch: 2, lapsed: ['s1'], again: ['s1'] };
  const text = { columns: ['SCOPE', 'EPOCH'], rows: [['platform', '2']] };

  it('is a table, JSON or YAML with the members in order', async () => {
    expect(await render({ text, document }, 'text')).toBe('SCOPE     EPOCH\nplatform  2\n');
    expect(await render({ text, document }, 'json')).toBe(`${JSON.stringify(document, null, 2)}\n`);
    expect(await render({ text, document }, 'yaml')).toBe(
      'scope: platform\nepoch: 2\nlapsed:\n  - s1\nagain:\n  - s1\n',
    );
  });

  it('keeps texts that YAML would read as something else', async () => {
    expect(await render({ text, document: { id: '1e3', word: 'no', at: null } }, 'yaml')).toBe(
      'id: "1e3"\nword: "no"\nat: null\n',
    );
  });

  it('of no rows has its columns', () => {
    expect(table({ columns: ['MIGRATION'], rows: [] })).toBe('MIGRATION\n');
  });

  it('cannot steer a terminal', () => {
    expect(table({ columns: ['A'], rows: [['\u001b[31mred']] })).toBe('A\n\\x1b[31mred\n');
  });
});

describe('a time', () => {
  it.each([
    ['2026-05-01T10:00:00.123456Z', '2026-05-01T10:00:00.123456Z'],
    ['2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00.000Z'],
    ['soon', 'soon'],
  ])('%s is shown as %s', (time, shown) => {
    expect(utc(time)).toBe(shown);
  });

  it.each([
    [0, '0s'],
    [59.6, '1m'],
    [3_661, '1h1m1s'],
    [86_400, '24h'],
  ])('a span of %d s is %s', (seconds, shown) => {
    expect(span(seconds)).toBe(shown);
  });
});
