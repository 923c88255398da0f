/**
 * Says hello, and knows whether the last one was answered. Until then the Node applies no ordinary event: what it hears
 * may lack its predecessors, or the key that it is signed with.
 */
import { randomUUID } from 'node:crypto';
import { backOffMs } from '../back-off';

export interface GreeterOptions {
  say(helloId: string): void;
  /** Whether an event is with the application: the answer could not be looked at, so it is not asked for again. */
  isBusy(): boolean;
  now(): Date;
}

/** Doubling from here to 30 s: a relay that is slow must not be asked for the same stream over and over. */
const FIRST_PAUSE_MS = 1_000;
/** After this much peace a hole is a new one and is asked about at once. */
const FORGIVEN_AFTER_MS = 60_000;

export class Greeter {
  private connected = false;
  private answered = false;
  private helloId = '';
  private said = false;
  /** Hellos in a row that brought nothing. */
  private fruitless = 0;
  private lastSaidAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: GreeterOptions) {}

  get waiting(): boolean {
    return !this.answered;
  }

  connect(): void {
    this.disconnect();
    this.connected = true;
    this.fruitless = 0;
    this.ask();
  }

  disconnect(): void {
    clearTimeout(this.timer);
    this.connected = false;
    this.answered = false;
    this.said = true; // Whatever was about to be said, the next connection says anew.
    this.helloId = '';
  }

  /** Something was lost or cannot be used: an earlier hello's answer does not count any more. */
  ask(): void {
    const aboutToSay = !this.answered && !this.said;
    this.answered = false;
    if (!this.connected || aboutToSay) return;
    clearTimeout(this.timer);
    this.helloId = randomUUID();
    this.said = false;
    const peaceful = this.options.now().getTime() - this.lastSaidAtMs > FORGIVEN_AFTER_MS;
    if (peaceful) this.fruitless = 0;
    // The first hole after a hello is as likely a new one; from the second on the answers do not seem to help.
    if (this.fruitless <= 1) this.say();
    else this.sayLater();
  }

  /**
   * Whether it answers the latest hello; repeated hellos share an id, so a late answer still counts. So does a second one:
   * a relay that hears that the Node is further than it can be says again where its stream goes on.
   */
  answer(helloId: string): boolean {
    if (!this.said || this.helloId === '' || helloId !== this.helloId) return false;
    clearTimeout(this.timer);
    this.answered = true;
    return true;
  }

  /** Something was applied: the next hole is asked about at once. */
  progress(): void {
    this.fruitless = 0;
  }

  private say(): void {
    this.said = true;
    this.fruitless += 1;
    this.lastSaidAtMs = this.options.now().getTime();
    this.options.say(this.helloId);
    this.sayLater();
  }

  private sayLater(): void {
    this.timer = setTimeout(
      () => (this.options.isBusy() ? this.sayLater() : this.say()),
      backOffMs(this.fruitless, FIRST_PAUSE_MS),
    );
  }
}
