import { auditText } from './audit-text';

it('keeps what is of a usual size as it is', () => {
  const part = { forced: true, lagging: ['edge-1', 'edge-2'] };
  expect(JSON.parse(auditText(part))).toEqual(part);
});

it('cuts a list as long as the mesh, keeps what stands beside it, and says how much there was', () => {
  const lagging = Array.from({ length: 100_000 }, (_, n) => `edge-${n}`);
  const text = auditText({ forced: true, lagging });
  expect(text.length).toBeLessThan(1_000);
  const { forced, lagging: cut } = JSON.parse(text);
  expect(forced).toBe(true);
  expect(cut.cut).toMatchObject({ items: 100_000, characters: JSON.stringify(lagging).length });
  expect(cut.cut.last).toHaveLength(20);
  expect(cut.cut.last.at(-1)).toBe('edge-99999');
});

it.each([
  ['one long text', { text: 'x'.repeat(1_000_000) }],
  ['a list of long ones', { list: Array.from({ length: 100 }, () => 'x'.repeat(10_000)) }],
  ['many members', Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`member-${n}`, n]))],
])('is never longer than a row may be: %s', (_, part) => {
  const text = auditText(part);
  expect(text.length).toBeLessThanOrEqual(16_384);
  expect(JSON.parse(text)).toBeDefined();
});
