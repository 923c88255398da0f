import type { ThrottledLog } from './throttled-log';

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

const MAX_SUBJECT_LENGTH = 200;

/** Tells of what the bus server refuses and holds back: each time to who observes it, now and then to the log. Never a body. */
export class RefusalReports {
  private readonly observers: BusObserver[] = [];

  constructor(private readonly log: ThrottledLog) {}

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
    const { detail: reason } = refused;
    this.log.warn({ actor, subject, reason }, 'message refused unread', `${actor} ${reason}`);
  }

  heldBack(heldBack: HeldBackOnBus): void {
    for (const observer of this.observers) observer.onHeldBack?.(heldBack);
    this.log.warn({ ...heldBack }, 'asker held back');
  }
}
