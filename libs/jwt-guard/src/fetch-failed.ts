import type { FetchFailure } from './reports';

/** A fetch brought no keys. */
export class FetchFailed extends Error {
  override readonly name = 'FetchFailed';

  constructor(
    readonly reason: FetchFailure,
    readonly detail = '',
  ) {
    super(reason);
  }
}

export const failureOf = (error: unknown): FetchFailed =>
  error instanceof FetchFailed
    ? error
    : new FetchFailed('unreachable', (error as NodeJS.ErrnoException | null)?.code ?? '');
