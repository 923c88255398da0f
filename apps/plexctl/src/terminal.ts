import type { Writable } from 'node:stream';
import type { Failure } from './failure';

/**
 * What goes where.
 *
 * stdout: the result of the command, in the form that --output names, and nothing else. A command that fails writes
 * nothing there (`signing verify` apart: "does not verify" is its result). Help that was asked for is a result.
 *
 * stderr: lines that begin with one of
 *     plexctl: <detail>      the command failed; <detail> is stable, and the service's own where it is the service's
 *       <member>: <value>    what the detail speaks of (code, field, …), after it, indented by two
 *     hint: <text>           the next thing to do
 *     note: <text>           the command goes on, or is done; something about it is worth knowing
 * and, on a terminal alone, one line of progress that is written over and gone when the command ends.
 *
 * `--watch` writes its result again and again: in place on a terminal, elsewhere a line for what has changed.
 *
 * Control characters that come from outside are written as \xNN: what a service or a file says cannot steer a terminal.
 * A reader that goes away (`| head`) changes neither what is done nor the exit code.
 */
export class Terminal {
  private drawnRows = 0;
  private lastProgress: string | undefined;

  constructor(
    private readonly stdout: Writable,
    private readonly stderr: Writable,
  ) {
    for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  }

  result(text: string): void {
    this.endProgress();
    this.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Whether a person looks at the result as it comes, and `draw` can write over it. */
  get drawsInPlace(): boolean {
    return (this.stdout as Screen).isTTY === true;
  }

  /** Writes over what it drew before. */
  draw(lines: readonly string[]): void {
    const { columns = 80, rows = 24 } = this.stdout as Screen;
    const shown = fitting(lines.map(printable), columns, rows - 1);
    const back = this.drawnRows === 0 ? '' : `\u001b[${this.drawnRows}A\r\u001b[J`;
    this.stdout.write(`${back}${shown.map((line) => `${line}\n`).join('')}`);
    this.drawnRows = shown.reduce((sum, line) => sum + rowsOf(line, columns), 0);
  }

  /** How far something has come: in place on a terminal, a note elsewhere. */
  progress(text: string): void {
    if (text === this.lastProgress) return;
    if ((this.stderr as Screen).isTTY !== true) this.note(text);
    else this.stderr.write(`${ERASE_LINE}${printable(text)}`);
    this.lastProgress = text;
  }

  note(text: string): void {
    this.line(`note: ${text}`);
  }

  failure({ detail, members, hint }: Failure): void {
    this.line(`plexctl: ${detail}`);
    for (const [name, value] of Object.entries(members)) this.line(`  ${name}: ${inline(value)}`);
    if (hint !== undefined) this.line(`hint: ${hint}`);
  }

  /** Usage of a command line that names no command: not a result, so not on stdout. */
  usage(text: string): void {
    this.stderr.write(text);
  }

  /** Once all that was written has been handed over, or its reader has gone. */
  async flushed(): Promise<void> {
    await Promise.all(
      [this.stdout, this.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
    );
  }

  private line(text: string): void {
    this.endProgress();
    // What is drawn stays above this line, and the next drawing comes below it.
    this.drawnRows = 0;
    this.stderr.write(`${printable(text)}\n`);
  }

  private endProgress(): void {
    if (this.lastProgress !== undefined && (this.stderr as Screen).isTTY === true) this.stderr.write(ERASE_LINE);
    this.lastProgress = undefined;
  }
}

/** What a stream is in addition where it is a terminal. */
type Screen = Writable & { isTTY?: boolean; columns?: number; rows?: number };

const ERASE_LINE = '\r\u001b[K';

const rowsOf = (line: string, columns: number): number => Math.max(1, Math.ceil(line.length / columns));

/** As many lines as the screen has room for: one that scrolled out of it could not be written over. */
function fitting(lines: readonly string[], columns: number, rows: number): string[] {
  let left = rows;
  const count = lines.findIndex((line) => (left -= rowsOf(line, columns)) < 0);
  if (count < 0) return [...lines];
  const shown = lines.slice(0, Math.max(count - 1, 0));
  return [...shown, `… ${lines.length - shown.length} more lines`];
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const inline = (value: unknown): string =>
  typeof value === 'string' ? value : isTexts(value) ? value.join(', ') : JSON.stringify(value);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** C0, DEL and C1 as `\xNN`. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `a, b, c`, cut after ten: the whole list is in the JSON. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more (--output json names all)` : shown;
}
