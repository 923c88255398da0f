/**
 * Keeps count of a bus that does not let this Node in. A Node that was removed, or whose credential was revoked, sees
 * exactly what one sees whose bus has lost its account for a while: so it is told, and the Node goes on trying.
 */
import { ErrorCode } from 'nats';
import type { BusRefused } from './node-observer';

/** While it lasts it is told so often: whoever missed the first word sees the next. */
const TOLD_EVERY_MS = 60_000;

const REFUSALS: readonly string[] = [
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AccountExpired,
];

/** Whether the bus turned the credential away, at the door or later; `code` is the client library's. */
export const isRefusal = (code: string): boolean => REFUSALS.includes(code);

export class BusRefusals {
  private since: Date | undefined;
  private attempts = 0;
  private toldAtMs = 0;

  constructor(
    private readonly now: () => Date,
    private readonly tell: (refused: BusRefused) => void,
  ) {}

  refused(reason: string): void {
    const now = this.now();
    this.since ??= now;
    this.attempts += 1;
    if (this.attempts > 1 && Math.abs(now.getTime() - this.toldAtMs) < TOLD_EVERY_MS) return;
    this.toldAtMs = now.getTime();
    this.tell({ reason, since: this.since, attempts: this.attempts });
  }

  /** The next refusal is the first again. */
  accepted(): void {
    this.since = undefined;
    this.attempts = 0;
  }
}
