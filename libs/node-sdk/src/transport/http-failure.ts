/** Of what a stream failed of which nothing came. */
export const SILENCE = 'silence';

/** A gateway, or whatever stands before it, did not do as it was asked. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';

  constructor(
    /** A status, or what the connection ended by: nothing of what was answered. */
    readonly reason: string,
    readonly status = 0,
    /** How long it asks to be left alone. */
    readonly retryAfterMs = 0,
  ) {
    super(reason);
  }
}

export const failureOf = (error: unknown): HttpFailure =>
  error instanceof HttpFailure
    ? error
    : new HttpFailure((error as NodeJS.ErrnoException | null)?.code ?? String(error));
