import type { ExitCode } from './exit-code';

/** Everything that ends a command other than by success, in the form in which the operator is told (terminal.ts). */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** What of it a person has to know first: it stands beside the detail. Not stable. */
  readonly reason: string | undefined;

  constructor(
    readonly exitCode: ExitCode,
    /** One line. Stable: scripts may compare it. */
    readonly detail: string,
    /** What the detail speaks of: one line each below it. */
    readonly members: Readonly<Record<string, unknown>> = {},
    /** The next thing to do. */
    readonly hint?: string,
    options?: ErrorOptions & { reason?: string | undefined },
  ) {
    super(detail, options);
    this.reason = options?.reason;
  }
}

/** The command is written wrongly; `field` is the member of the request, or the setting, that it is about. */
export const misuse = (detail: string, field: string, hint?: string): Failure =>
  new Failure(2, detail, { field }, hint);
