import { REFUSALS, type RefusalReason } from './refusals';

/** After which time to send again what was refused for this end's own sake: as soon as it may have read its keys again. */
const RETRY_AFTER_SECONDS = 10;

/** A message that is not taken, and how its sender is told so. Compare `reason`. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
  readonly status: number;
  /** Lower-case names, as they are to be sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent as JSON. */
  readonly body: { readonly reason: RefusalReason; readonly detail: string };

  constructor(readonly reason: RefusalReason) {
    super(reason);
    const { status, detail } = REFUSALS[reason];
    this.status = status;
    this.body = { reason, detail };
    // A body that was not read to its end would be taken for the next request of the connection.
    this.headers = {
      ...(status === 503 && { 'retry-after': `${RETRY_AFTER_SECONDS}` }),
      ...(status === 413 && { connection: 'close' }),
    };
  }
}
