import { isBroken, lacks, type Result, type Row } from './row';

const HEAD = ['bench', 'ours', 'peer', 'unit', 'ratio', 'rounds', 'reach', ''];

/** For a terminal: a line for each row, and below it who each peer is. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.filter((result) => !isBroken(result));
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const told = lines.map((line) => line.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join('  '));
  const peers = rows.filter(({ against_what }) => against_what !== '');
  return [
    ...told.map((line) => line.trimEnd()),
    ...results.filter(isBroken).map(({ name, broken }) => `${name}: BROKEN: ${broken}`),
    '',
    ...peers.map(({ name, against_what }) => `${name}: against ${against_what}`),
  ].join('\n');
}

function cellsOf(row: Row): string[] {
  const { name, value, against, unit, ratio, rounds, reach, better } = row;
  return [
    name,
    figure(value),
    against === null ? '–' : figure(against),
    unit,
    ratio === null ? '–' : figure(ratio),
    rounds.length < 2 ? '' : `${figure(Math.min(...rounds))} to ${figure(Math.max(...rounds))}`,
    reach === null ? '–' : `${better === 'higher' ? '≥' : '≤'} ${figure(reach)}`,
    verdictOf(row),
  ];
}

function verdictOf(row: Row): string {
  if (row.reach === null) return '';
  if (row.ok) return 'ok';
  if (row.reach === 0) return 'not ok';
  return `${Math.ceil(100 * lacks(row))} % ${row.better === 'higher' ? 'short' : 'over'}`;
}

/** Names and units to the left, figures to the right. */
const pad = (cell: string, column: number, width: number): string =>
  column === 1 || column === 2 || column === 4 ? cell.padStart(width) : cell.padEnd(width);

const figure = (number: number): string =>
  Number.isFinite(number) ? number.toLocaleString('en-US', { maximumSignificantDigits: number >= 1_000 ? 4 : 3 }) : '?';
