/** A curve as a picture that a page can show: plain SVG, readable on light and dark. */

export interface Curve {
  name: string;
  /** Along the bottom, by a logarithmic scale, and upwards, by a linear one from zero. */
  points: readonly { x: number; y: number }[];
}

export interface Picture {
  title: string;
  xLabel: string;
  yLabel: string;
  curves: readonly Curve[];
  /** A line at a height that is not to be passed, or reached. */
  limit?: { y: number; name: string };
}

const [WIDTH, HEIGHT] = [640, 360];
const PLOT = { left: 84, right: 596, top: 48, bottom: 296 };
const TICKS = 5;
/** Both are told apart from each other and from either ground, without green beside red. */
const COLOURS = [
  { light: '#0b5fa5', dark: '#6cb6ff' },
  { light: '#9a4a00', dark: '#f0a860' },
  { light: '#6b2fa0', dark: '#c8a2f0' },
];
const DASHES = ['', '7 4', '2 4'];

const STYLE = `
  svg { background: #ffffff; color: #1f2328 } text { fill: currentColor; font: 12px system-ui, sans-serif }
  .title { font-size: 15px; font-weight: 600 } .grid { stroke: #d0d7de } .axis { stroke: currentColor } .limit { stroke: currentColor; stroke-dasharray: 1 5 }
${COLOURS.map(({ light }, index) => `  .c${index} { stroke: ${light}; fill: none } .d${index} { fill: ${light} }`).join('\n')}
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #e6edf3 } .grid { stroke: #30363d }
${COLOURS.map(({ dark }, index) => `    .c${index} { stroke: ${dark} } .d${index} { fill: ${dark} }`).join('\n')}
  }`;

export function svgOf(picture: Picture): string {
  const { title, xLabel, yLabel, curves, limit } = picture;
  const xs = [...new Set(curves.flatMap(({ points }) => points.map(({ x }) => x)))].sort((one, other) => one - other);
  const most = Math.max(...curves.flatMap(({ points }) => points.map(({ y }) => y)), limit?.y ?? 0);
  const top = roundUp(most);
  const place = {
    x: (x: number): number =>
      between(PLOT.left, PLOT.right, shareOf(Math.log(x), Math.log(xs[0] ?? 1), Math.log(xs.at(-1) ?? 1))),
    y: (y: number): number => between(PLOT.bottom, PLOT.top, shareOf(y, 0, top)),
  };
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (top * index) / TICKS);
  const parts = [
    `<title>${escaped(title)}</title><style>${STYLE}\n</style>`,
    `<text class="title" x="${PLOT.left}" y="24">${escaped(title)}</text>`,
    ...ticks.map(
      (tick) =>
        `<path class="grid" d="M${PLOT.left} ${place.y(tick)}H${PLOT.right}"/>${label(PLOT.left - 8, place.y(tick) + 4, 'end', shown(tick))}`,
    ),
    ...xs.map(
      (x) =>
        `<path class="axis" d="M${place.x(x)} ${PLOT.bottom}v5"/>${label(place.x(x), PLOT.bottom + 20, 'middle', shown(x))}`,
    ),
    `<path class="axis" fill="none" d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}"/>`,
    label((PLOT.left + PLOT.right) / 2, PLOT.bottom + 40, 'middle', xLabel),
    `<text transform="translate(18 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...(limit === undefined
      ? []
      : [
          `<path class="limit" d="M${PLOT.left} ${place.y(limit.y)}H${PLOT.right}"/>${label(PLOT.right, place.y(limit.y) - 5, 'end', limit.name)}`,
        ]),
    ...curves.map((curve, index) => drawn(curve, index, place)),
    ...(curves.length < 2 ? [] : curves.map((curve, index) => named(curve, index))),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">\n${parts.join('\n')}\n</svg>\n`;
}

function drawn(
  { points }: Curve,
  index: number,
  place: { x: (x: number) => number; y: (y: number) => number },
): string {
  const at = points.map(({ x, y }) => [place.x(x), place.y(y)] as const);
  const dots = at.map(([x, y]) => `<circle class="d${index}" cx="${x}" cy="${y}" r="3.5"/>`);
  const dash = DASHES[index] === '' ? '' : ` stroke-dasharray="${DASHES[index] ?? ''}"`;
  return `<path class="c${index}" stroke-width="2"${dash} d="M${at.map((each) => each.join(' ')).join('L')}"/>${dots.join('')}`;
}

function named({ name }: Curve, index: number): string {
  const x = PLOT.left + index * 160;
  const dash = DASHES[index] === '' ? '' : ` stroke-dasharray="${DASHES[index] ?? ''}"`;
  return `<path class="c${index}" stroke-width="2"${dash} d="M${x} 352h24"/>${label(x + 30, 356, 'start', name)}`;
}

const label = (x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;

const shareOf = (value: number, from: number, to: number): number => (to === from ? 0.5 : (value - from) / (to - from));
const between = (from: number, to: number, share: number): number => Math.round(10 * (from + (to - from) * share)) / 10;

const shown = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/** To 1, 2, 2.5 or 5 times a power of ten, so that a fifth of it is a number that one reads. */
function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10);
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => ESCAPES[letter] ?? letter);
