import type { Writable } from 'node:stream';
import type { Code } from '@plexsphere/wire';
import type { ExitCode } from './exit-code';
import type { Failure } from './failure';
import type { Output } from './render';
import { escapedJson, printable } from './printable';

/**
 * What goes where.
 *
 * stdout: the result of the command, in the form that --output names, and nothing else. A command that fails writes
 * nothing there (`signing verify` apart: "does not verify" is its result). Help that was asked for is a result.
 *
 * stderr: lines that begin with one of
 *     plexctl: <detail>      the command failed; <detail> is stable, and the service's own where it is the service's.
 *                            What of it a person has to know first stands behind it, in parentheses
 *       <member>: <value>    what the detail speaks of (code, field, …), after it, indented by two
 *     hint: <text>           the next thing to do
 *     note: <text>           the command goes on, or is done; something about it is worth knowing
 * and, on a terminal alone, one line of progress that is written over and gone when the command ends, and a plan before a
 * question, which is answered there.
 *
 * With --output json each line there is a JSON document instead, {"note": …} or {"code": …, "detail": …, <members>,
 * "reason": …, "hint": …, "exit_code": …}; with yaml the same after `--- `, which is YAML as well. Of a command about both
 * directions of a channel each says of which it is: a note by its scope in front, or as a member.
 *
 * `--watch` writes its result again and again: in place on a terminal, elsewhere a line for what has changed.
 *
 * Characters that come from outside and steer a terminal or its reader's eye are written as \xNN or \u{NNNN}, in JSON and
 * YAML as \uNNNN: what a service or a file says cannot do so. A reader that goes away (`| head`) changes neither what is
 * done nor the exit code.
 */
export class Terminal {
  /** Until the reader of standard output is known to have gone. */
  isRead = true;
  private drawnRows = 0;
  private lastProgress: string | undefined;
  private form: Output = 'text';
  private subject: string | undefined;

  constructor(
    private readonly stdout: Writable,
    private readonly stderr: Writable,
  ) {
    for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
    stdout.once('error', () => (this.isRead = false));
  }

  /** The form of what is said from now on on stderr; a result has its own already. */
  speak(form: Output): void {
    this.form = form;
  }

  /** Which scope notes are about from now on, where a command is about several. */
  speakOf(scope: string | undefined): void {
    this.subject = scope;
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
    const { columns, rows } = sizeOf(this.stdout);
    const shown = fitting(lines.map(printable), columns, rows - 1);
    const back = this.drawnRows === 0 ? '' : `\u001b[${this.drawnRows}A\r\u001b[J`;
    this.stdout.write(`${back}${shown.map((line) => `${line}\n`).join('')}`);
    this.drawnRows = shown.reduce((sum, line) => sum + rowsOf(line, columns), 0);
  }

  /** What a person is to decide upon: before a question, so on a terminal alone. */
  show(lines: readonly string[]): void {
    this.endProgress();
    this.stderr.write(`${lines.map(printable).join('\n')}\n\n`);
  }

  /** How far something has come: in place on a terminal, a note elsewhere. */
  progress(text: string): void {
    if (text === this.lastProgress) return;
    if ((this.stderr as Screen).isTTY !== true || this.form !== 'text') this.note(text);
    else this.stderr.write(`${ERASE_LINE}${printable(text)}`);
    this.lastProgress = text;
  }

  note(text: string): void {
    const { subject: scope } = this;
    if (this.form === 'text') this.line(`note: ${scope === undefined ? '' : `${scope}: `}${text}`);
    else this.document(scope === undefined ? { note: text } : { scope, note: text });
  }

  failure(failure: Failure): void {
    const { detail, reason, members, hint } = failure;
    if (this.form !== 'text') return this.document(documentOf(failure));
    this.line(`plexctl: ${detail}${reason === undefined ? '' : ` (${reason})`}`);
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
    this.say(printable(text));
  }

  /** Of one line, so that a reader takes line by line; a JSON text behind `--- ` is a YAML document too. */
  private document(document: object): void {
    this.say(`${this.form === 'yaml' ? '--- ' : ''}${escapedJson(JSON.stringify(document))}`);
  }

  private say(line: string): void {
    this.endProgress();
    // What is drawn stays above this line, and the next drawing comes below it.
    this.drawnRows = 0;
    this.stderr.write(`${line}\n`);
  }

  private endProgress(): void {
    if (this.lastProgress !== undefined && (this.stderr as Screen).isTTY === true) this.stderr.write(ERASE_LINE);
    this.lastProgress = undefined;
  }
}

/** What a stream is in addition where it is a terminal. */
type Screen = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** A terminal that says nothing of its size, or that it has none (some that programs make), is taken for a usual one. */
const sizeOf = (stream: Writable): { columns: number; rows: number } => {
  const { columns, rows } = stream as Screen;
  return { columns: columns || 80, rows: rows || 24 };
};

const CODE_OF: Partial<Record<ExitCode, Code>> = { 2: 'INVALID_ARGUMENT', 77: 'UNAUTHENTICATED' };

/** Code and detail first: by them a program decides. What plexctl refuses itself has the code of its exit code. */
function documentOf({ detail, reason, members, hint, exitCode }: Failure): object {
  const { code = CODE_OF[exitCode], ...more } = members;
  return {
    ...(code === undefined ? {} : { code }),
    detail,
    ...more,
    ...(reason === undefined ? {} : { reason }),
    ...(hint === undefined ? {} : { hint }),
    exit_code: exitCode,
  };
}

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
  typeof value === 'string' ? value : isTexts(value) ? value.join(', ') || 'none' : JSON.stringify(value);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** `a, b, c`, cut after ten: the whole list is in the JSON. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more (--output json names all)` : shown;
}
