/** Texts that many may have, any number of times, for a while; of bounded size together. */

interface Shared<Message> {
  madeAtMs: number;
  message: Promise<Message>;
  characters: number;
}

export class SharedTexts<Message extends { text: string }> {
  /** In the order in which they were made. */
  private readonly byKey = new Map<string, Shared<Message>>();
  private characters = 0;

  /** `nowMs` is a monotonic clock. */
  constructor(
    private readonly most: { forMs: number; characters: number },
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** All who come while it is being made share the answer, a failure too; after a failure the next one asks again. */
  of(key: string, make: () => Promise<Message>): Promise<Message> {
    this.forgetOld();
    const present = this.byKey.get(key);
    if (present !== undefined) return present.message;
    const shared: Shared<Message> = { madeAtMs: this.nowMs(), message: make(), characters: 0 };
    this.byKey.set(key, shared);
    shared.message.then(
      ({ text }) => this.weigh(key, shared, text.length),
      () => this.forget(key, shared),
    );
    return shared.message;
  }

  private weigh(key: string, shared: Shared<Message>, characters: number): void {
    if (this.byKey.get(key) !== shared) return;
    shared.characters = characters;
    this.characters += characters;
    for (const [oldest, other] of this.byKey) {
      if (this.characters <= this.most.characters) return;
      this.forget(oldest, other);
    }
  }

  private forgetOld(): void {
    for (const [key, shared] of this.byKey) {
      if (this.nowMs() - shared.madeAtMs < this.most.forMs) return;
      this.forget(key, shared);
    }
  }

  private forget(key: string, shared: Shared<Message>): void {
    if (this.byKey.get(key) !== shared) return;
    this.byKey.delete(key);
    this.characters -= shared.characters;
  }
}
