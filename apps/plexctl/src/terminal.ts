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
 *
 * Control characters that come from outside are written as \xNN: what a service or a file says cannot steer a terminal.
 * A reader that goes away (`| head`) changes neither what is done nor the exit code.
 */
export class Terminal {
  constructor(
    private readonly stdout: Writable,
    private readonly stderr: Writable,
  ) {
    for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  }

  result(text: string): void {
    this.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
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
    this.stderr.write(`${printable(text)}\n`);
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const inline = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** C0, DEL and C1 as `\xNN`. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `a, b, c`, cut after ten: the whole list is in the JSON. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more (--output json names all)` : shown;
}
