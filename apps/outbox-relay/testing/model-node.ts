/** For specs: what a Node makes of its stream, in a few lines. Epochs of statements stand for the statements themselves. */
import { randomUUID } from 'node:crypto';
import { ClaimWorld, ack } from './claim-world';

export type Said =
  | { kind: 'announce'; statement: number; signedAfter: number }
  | { kind: 'chain'; statements: number[]; bundle?: { head: number; epoch: number } }
  | { kind: 'ready'; helloId: string; resumesAfter: number; lastPosition: number; head: number }
  | { kind: 'ordinary'; position: number; eventId: string; head: number; isResync: boolean; channel?: ToldRing };

/** What news of a channel's ring say: which epoch it has. */
export interface ToldRing {
  scope: string;
  epoch: number;
}

export interface Heard {
  said: Said;
  sequence: number;
  /** Of the message before on this Node's subject. */
  last: number;
}

export class ModelNode {
  epoch = 1;
  readonly applied = new Map<number, string>();
  /** Of each channel's ring that it was told of, the epoch that it holds. */
  readonly held = new Map<string, number>();
  /** What must never be; empty in the end. */
  readonly violations: string[] = [];
  private head = 1;
  private walked: number | undefined;
  private position = 0;
  private sequence: number | undefined;
  /** Of a connection: what was lost before it does not show. */
  private isFirst = true;
  private helloId = '';
  private waiting = true;

  constructor(
    readonly id: string,
    private readonly world: ClaimWorld,
    /** The statement before, of the ring. */
    private readonly before: (statement: number) => number | undefined,
  ) {}

  get isSettled(): boolean {
    return !this.waiting;
  }

  async sayHello(): Promise<void> {
    this.walked = undefined;
    this.waiting = true;
    this.helloId = randomUUID();
    await this.world.hello(this.id, this.helloId, this.epoch, { position: this.position });
  }

  async acknowledge(): Promise<void> {
    await this.world.settle(ack(this.id, this.epoch, this.position));
  }

  /** Of trust and position; what it had applied it had applied. */
  async loseStore(): Promise<void> {
    Object.assign(this, { epoch: 1, head: 1, position: 0 });
    this.held.clear();
    await this.reconnect();
  }

  async reconnect(): Promise<void> {
    this.sequence = undefined;
    await this.sayHello();
  }

  async hear({ said, sequence, last }: Heard): Promise<void> {
    const isHole = this.sequence !== undefined && this.sequence !== last;
    this.isFirst = this.sequence === undefined;
    this.sequence = sequence;
    if (isHole) return this.sayHello();
    if (this.walked !== undefined && said.kind !== 'chain') this.violations.push(`${said.kind} amid a chain`);
    switch (said.kind) {
      case 'announce':
        return this.takeAnnouncement(said);
      case 'chain':
        return this.takeChain(said);
      case 'ready':
        return this.takeReady(said);
      case 'ordinary':
        return this.takeOrdinary(said);
    }
  }

  private async takeAnnouncement({ statement, signedAfter }: Extract<Said, { kind: 'announce' }>): Promise<void> {
    if (statement <= this.head) return;
    if (this.before(statement) !== this.head || signedAfter !== this.head) return this.sayHello();
    this.head = this.epoch = statement;
  }

  private async takeChain({ statements, bundle }: Extract<Said, { kind: 'chain' }>): Promise<void> {
    let end = this.walked ?? this.head;
    this.walked = undefined;
    for (const statement of statements.slice(statements.lastIndexOf(end) + 1)) {
      if (this.before(statement) !== end) return this.sayHello();
      end = statement;
    }
    if (bundle === undefined) {
      this.walked = end;
      return;
    }
    if (bundle.head !== end) return this.sayHello();
    this.head = end;
    this.epoch = bundle.epoch;
  }

  private async takeReady(ready: Extract<Said, { kind: 'ready' }>): Promise<void> {
    if (ready.helloId !== this.helloId) return;
    if (!this.knows(ready)) return this.sayHello();
    this.waiting = false;
    const isBeside = this.position < ready.resumesAfter || this.position > ready.lastPosition;
    if (isBeside) this.position = ready.resumesAfter;
  }

  private async takeOrdinary(event: Extract<Said, { kind: 'ordinary' }>): Promise<void> {
    if (this.waiting || event.position <= this.position) return;
    if (!this.knows(event)) return this.sayHello();
    if (event.position !== this.position + 1) return this.sayHello();
    this.position = event.position;
    const other = this.applied.get(event.position);
    // A resync stands for what expired here, also to one whose acknowledgement of that was lost, and then its store.
    const isOther = other !== undefined && other !== event.eventId && !event.isResync;
    if (isOther) this.violations.push(`two events at ${event.position}`);
    this.applied.set(event.position, event.eventId);
    const { channel } = event;
    if (channel !== undefined) this.held.set(channel.scope, Math.max(channel.epoch, this.held.get(channel.scope) ?? 0));
  }

  /** Nothing was lost and it has been answered, so it has been told of the key. */
  private knows({ kind, head }: { kind: string; head: number }): boolean {
    if (head > this.head && !this.isFirst) this.violations.push(`${kind} by a key that it was not told of`);
    return head <= this.head;
  }
}
