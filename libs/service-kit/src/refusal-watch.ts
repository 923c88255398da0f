import type { Logger } from './logger';

/** A message that was answered with a problem, or with nothing at all. */
export interface RefusedOnBus {
  /** The operator, Node, holder, or a service's kind and scope. */
  actor: string;
  subject: string;
  code: string;
  detail: string;
}

/** A message that waits because its own asker has as much under way as one may have. */
export interface HeldBackOnBus {
  actor: string;
  queue: string;
}

export interface BusObserver {
  onRefused?(refused: RefusedOnBus): void;
  onHeldBack?(heldBack: HeldBackOnBus): void;
}

const AGAIN_AFTER_MS = 30_000;
/** Whoever draws names (a holder, a scope that is none) must not fill the memory of what was said. */
const MAX_REMEMBERED = 1_000;
const MAX_SUBJECT_LENGTH = 200;

/** Says a trouble once, and every half minute while it lasts, with how often it has happened since. Never a body. */
export class RefusalWatch {
  private readonly observers: BusObserver[] = [];
  private readonly told = new Map<string, { atMs: number; times: number }>();

  constructor(
    private readonly logger: Pick<Logger, 'warn'> | undefined,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  observe(observer: BusObserver): void {
    this.observers.push(observer);
  }

  /** An answer of a handler is not worth a line: whoever asked has been told. */
  answered(refused: RefusedOnBus): void {
    for (const observer of this.observers) observer.onRefused?.(refused);
  }

  /** No handler has seen it. */
  unread({ actor, ...refused }: RefusedOnBus): void {
    const subject = refused.subject.slice(0, MAX_SUBJECT_LENGTH);
    for (const observer of this.observers) observer.onRefused?.({ actor, ...refused, subject });
    this.tell('message refused unread', `${actor} ${refused.detail}`, { actor, subject, reason: refused.detail });
  }

  heldBack(heldBack: HeldBackOnBus): void {
    for (const observer of this.observers) observer.onHeldBack?.(heldBack);
    this.tell('asker held back', `${heldBack.actor} ${heldBack.queue}`, { ...heldBack });
  }

  private tell(text: string, reason: string, fields: Record<string, string>): void {
    const key = `${text} ${reason}`;
    const nowMs = this.nowMs();
    const before = this.told.get(key);
    const times = (before?.times ?? 0) + 1;
    if (before !== undefined && nowMs - before.atMs < AGAIN_AFTER_MS) {
      before.times = times;
      return;
    }
    this.forget(nowMs);
    this.told.delete(key);
    this.told.set(key, { atMs: nowMs, times: 0 });
    this.logger?.warn({ ...fields, times }, text);
  }

  /** In the order in which they were told: the oldest come first. */
  private forget(nowMs: number): void {
    for (const [key, { atMs }] of this.told) {
      if (this.told.size < MAX_REMEMBERED && nowMs - atMs < 2 * AGAIN_AFTER_MS) return;
      this.told.delete(key);
    }
  }
}
