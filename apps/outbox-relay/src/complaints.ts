import type { Logger } from '@plexsphere/service-kit';

/** After so long the same trouble is worth another line, in milliseconds. */
const AGAIN_AFTER_MS = 30_000;

/** Warns once of a trouble that a thousand Nodes have at the same time, and again while it lasts. */
export class Complaints {
  private readonly saidAtMs = new Map<string, number>();

  constructor(
    private readonly logger: Logger,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  warn(text: string, reason: string, fields: Record<string, unknown> = {}): void {
    const key = `${text} ${reason} ${JSON.stringify(fields)}`;
    const nowMs = this.nowMs();
    if (nowMs - (this.saidAtMs.get(key) ?? -Infinity) < AGAIN_AFTER_MS) return;
    for (const [said, atMs] of this.saidAtMs) if (nowMs - atMs >= AGAIN_AFTER_MS) this.saidAtMs.delete(said);
    this.saidAtMs.set(key, nowMs);
    this.logger.warn({ ...fields, reason }, text);
  }
}
