import type { Logger } from './logger';

/** After so long the same trouble is worth another line, in milliseconds. */
const AGAIN_AFTER_MS = 30_000;
/**
 * Whoever draws names (a Node, a holder, a scope that is none) must fill neither the memory of what was told nor the log:
 * of more troubles than this, those of one text count as one.
 */
const MAX_TOLD_APART = 1_000;

/** Tells of a trouble once, and again while it lasts, with how often it has come since the line before. */
export class ThrottledLog {
  /** In the order in which they were told. */
  private readonly told = new Map<string, { atMs: number; times: number }>();

  constructor(
    private readonly logger: Partial<Pick<Logger, 'warn' | 'error'>> | undefined,
    private readonly againAfterMs = AGAIN_AFTER_MS,
  ) {}

  /** `about`: what tells this trouble from others of the same text; all of `fields` where it is not given. */
  warn(fields: object, text: string, about?: string): void {
    this.tell('warn', fields, text, about);
  }

  error(fields: object, text: string, about?: string): void {
    this.tell('error', fields, text, about);
  }

  private tell(level: 'warn' | 'error', fields: object, text: string, about = JSON.stringify(fields)): void {
    const nowMs = performance.now();
    this.forgetOld(nowMs);
    const own = `${text} ${about}`;
    const key = this.told.has(own) || this.told.size < MAX_TOLD_APART ? own : text;
    const before = this.told.get(key);
    const times = (before?.times ?? 0) + 1;
    if (before !== undefined && nowMs - before.atMs < this.againAfterMs) {
      before.times = times;
      return;
    }
    this.told.delete(key);
    this.told.set(key, { atMs: nowMs, times: 0 });
    this.logger?.[level]?.({ ...fields, times }, text);
  }

  /** What is over is kept once as long again, so that the next line can say how often it came. */
  private forgetOld(nowMs: number): void {
    for (const [key, { atMs }] of this.told) {
      if (nowMs - atMs < 2 * this.againAfterMs) return;
      this.told.delete(key);
    }
  }
}
