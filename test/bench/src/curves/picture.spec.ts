import { svgOf, type Picture } from './picture';

const picture: Picture = {
  title: 'a < b & "c"',
  xLabel: 'Nodes',
  yLabel: 'ms',
  curves: [
    {
      name: 'one',
      points: [
        { x: 1_000, y: 10 },
        { x: 10_000, y: 20 },
        { x: 100_000, y: 40 },
      ],
    },
  ],
};

const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);
const dots = (svg: string): number[][] =>
  [...svg.matchAll(/<circle class="d(\d)" cx="([\d.]+)" cy="([\d.]+)"/g)].map((found) => found.slice(1).map(Number));

it('names its axes, its numbers and what it is of, and nothing of it is taken for markup', () => {
  const svg = svgOf(picture);
  expect(texts(svg)).toEqual(
    expect.arrayContaining(['a &lt; b &amp; &quot;c&quot;', 'Nodes', 'ms', '1,000', '100,000', '0', '50']),
  );
  expect(svg.match(/<(\w+)/g)?.length).toBe((svg.match(/<\/\w+>|\/>/g) ?? []).length);
});

it('goes by powers along the bottom, and from zero upwards', () => {
  const at = dots(svgOf(picture));
  const [first, second, third] = at as [number[], number[], number[]];
  expect(second[1]! - first[1]!).toBeCloseTo(third[1]! - second[1]!);
  const [bottom, each] = [296, (296 - 48) / 50];
  expect(at.map(([, , y]) => (bottom - y!) / each)).toEqual([10, 20, 40].map((y) => expect.closeTo(y, 0)));
});

it('has room for a limit, and tells several curves apart by more than a colour', () => {
  const two = {
    ...picture,
    curves: [...picture.curves, { name: 'two', points: [{ x: 1_000, y: 60 }] }],
    limit: { y: 90, name: 'the promise' },
  };
  const svg = svgOf(two);
  expect(texts(svg)).toEqual(expect.arrayContaining(['one', 'two', 'the promise', '100']));
  expect(dots(svg).map(([index]) => index)).toEqual([0, 0, 0, 1]);
  expect(svg).toContain('class="c1" stroke-width="2" stroke-dasharray=');
});

it('is made for light and dark', () => {
  expect(svgOf(picture)).toContain('prefers-color-scheme: dark');
});
