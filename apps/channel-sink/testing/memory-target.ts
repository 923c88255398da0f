import { SinkError, type Place } from '../src/sink-error';
import type { Found, Replacing, Target } from '../src/targets/target';

/** A target that may fail, or lie, once at each of its steps. */
export class MemoryTarget implements Target {
  text: string | undefined;
  version = 0;
  /** Of each write that has reached it. */
  readonly tokens: string[] = [];
  /** What happens to the next write, before or after it is done. */
  next: { before?: () => void; after?: () => void } = {};
  /** What the next read says instead. */
  lie: string | undefined;

  constructor(private readonly place: Place) {}

  async read(): Promise<Found | undefined> {
    const text = this.lie ?? this.text;
    this.lie = undefined;
    return text === undefined ? undefined : { text, version: `${this.version}` };
  }

  async replace(text: string, { found, token }: Replacing): Promise<void> {
    const { before, after } = this.next;
    this.next = {};
    before?.();
    if ((found?.version ?? '0') !== `${this.version}`) throw new SinkError('target_changed', this.place);
    this.tokens.push(token);
    this.byHand(text);
    after?.();
  }

  byHand(text: string | undefined): void {
    this.text = text;
    this.version = text === undefined ? 0 : this.version + 1;
  }
}
