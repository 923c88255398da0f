import type { Failure } from './failure';
import { escapedJson, escapedYaml, isSteering, printable, printableLines } from './printable';

/** The forms of what is shown; of `json` and `yaml` a program reads both streams. */
export const OUTPUTS = ['text', 'json', 'yaml'] as const;
export type Output = (typeof OUTPUTS)[number];

export const isOutput = (text: string): text is Output => (OUTPUTS as readonly string[]).includes(text);

/** What a command found out. */
export interface Result {
  /** For people: a table, or the bare text where that is what one pipes on. */
  text: Table | string;
  /** For JSON and YAML, with its members in this order; undefined where there is nothing to show. */
  document: unknown;
  /** The command is done and its answer is no: the result is shown, then this. */
  failure?: Failure;
  /** The same of a command about several scopes. */
  failures?: readonly Failure[];
}

export interface Table {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A table of one row: each member below its name. */
export const oneRow = (members: Readonly<Record<string, string | number>>): Table => ({
  columns: Object.keys(members).map((name) => name.toUpperCase()),
  rows: [Object.values(members).map(String)],
});

export async function render(result: Result, output: Output): Promise<string> {
  if (output === 'json') return `${escapedJson(JSON.stringify(result.document, null, 2))}\n`;
  if (output === 'yaml') return yaml(result.document);
  return typeof result.text === 'string' ? `${printableLines(result.text)}\n` : table(result.text);
}

async function yaml(value: unknown): Promise<string> {
  const { Document, visit } = await import('yaml');
  // No aliases (&a1), which a reader would have to know; and quotes where an older reader takes `no` for false.
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  // Escapes mean something between double quotes alone.
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && isSteering(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return escapedYaml(document.toString());
}

/** Columns aligned and two blanks apart; the last one is not padded, so no line ends in blanks. */
export function table({ columns, rows }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (cell: string, column: number, line: readonly string[]): string =>
    column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0);
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** A time as RFC 3339 in UTC, whatever offset it came with; the digits of a time that is UTC already stay. */
export function utc(time: string): string {
  const at = new Date(time);
  return time.endsWith('Z') || Number.isNaN(at.getTime()) ? time : at.toISOString();
}

/** Of a time that is known to the minute: seconds would claim more. */
export const minute = (time: string): string => utc(time).replace(/:\d\d(?:\.\d+)?Z$/, 'Z');

/** `23h59m50s`: a span for people. */
export function span(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60), s: whole % 60 };
  const text = Object.entries(parts).flatMap(([unit, count]) => (count > 0 ? [`${count}${unit}`] : []));
  return text.join('') || '0s';
}
