import { parseRotateEvery, rotateEveryText } from './rotate-every';

const DAY_MS = 86_400_000;

it.each([
  ['never', null],
  ['7d', { everyMs: 7 * DAY_MS }],
  ['36h', { everyMs: 1.5 * DAY_MS }],
  ['90m', { everyMs: 5_400_000 }],
  ['0 3 * * MON', { cron: '0 3 * * MON' }],
  ['*/15 0-6 1,15 JAN-MAR *', { cron: '*/15 0-6 1,15 JAN-MAR *' }],
])('%s is read, and written as it was', (text, every) => {
  expect(parseRotateEvery(text)).toEqual(every);
  expect(rotateEveryText(every)).toBe(text);
});

it('a span is written in the largest unit that it is a whole number of', () => {
  expect(rotateEveryText({ everyMs: 3_600_000 })).toBe('1h');
  expect(rotateEveryText({ everyMs: 604_800_000 })).toBe('7d');
});

it.each<[string, unknown]>([
  ['nothing', ''],
  ['no span', '0d'],
  ['a leading zero', '07d'],
  ['two units', '1d12h'],
  ['more than ten years', '3661d'],
  ['a number', 7],
  ['six fields: seconds', '0 0 3 * * MON'],
  ['four fields', '0 3 * *'],
  ['a macro', '@daily'],
  ['two blanks', '0  3 * * *'],
  ['a line break', '0 3 * * *\n'],
  ['a field without end', `${'1,'.repeat(30)}2 3 * * *`],
])('%s is none', (_, text) => expect(parseRotateEvery(text)).toBeUndefined());
