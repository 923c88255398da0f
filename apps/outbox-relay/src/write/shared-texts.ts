/** One text for many Nodes: signing 10,000 times what is the same event would be the bottleneck. */

/** How long a text is handed out, in milliseconds: far below the five minutes after which a Node refuses what was signed. */
const SHARED_FOR_MS = 60_000;
/** Of all texts together. The oldest leave first, and are made again where somebody wants them after all. */
const MOST_CHARACTERS = 32 * 1_048_576;

interface Shared<Text> {
  madeAtMs: number;
  text: Promise<Text>;
  characters: number;
  servedTo: Set<string>;
}

export class SharedTexts<Text> {
  /** In the order in which they were made. */
  private readonly byKey = new Map<string, Shared<Text>>();
  private characters = 0;

  constructor(private readonly lengthOf: (text: Text) => number) {}

  /**
   * All who come while it is being made share the answer, a failure too; after a failure the next one asks again. `onceTo`:
   * the Node that it is for, where a text has a nonce, which the Node would refuse a second time; it gets another one.
   */
  of(key: string, make: () => Promise<Text>, onceTo?: string): Promise<Text> {
    this.forgetOld();
    const present = this.byKey.get(key);
    if (present !== undefined && (onceTo === undefined || !present.servedTo.has(onceTo))) {
      if (onceTo !== undefined) present.servedTo.add(onceTo);
      return present.text;
    }
    if (present !== undefined) this.forget(key, present);
    const servedTo = new Set(onceTo === undefined ? [] : [onceTo]);
    const shared = { madeAtMs: performance.now(), text: make(), characters: 0, servedTo };
    this.byKey.set(key, shared);
    shared.text.then(
      (text) => this.weigh(key, shared, this.lengthOf(text)),
      () => this.forget(key, shared),
    );
    return shared.text;
  }

  private weigh(key: string, shared: Shared<Text>, characters: number): void {
    if (this.byKey.get(key) !== shared) return;
    shared.characters = characters;
    this.characters += characters;
    for (const [oldest, other] of this.byKey) {
      if (this.characters <= MOST_CHARACTERS) return;
      this.forget(oldest, other);
    }
  }

  private forgetOld(): void {
    for (const [key, shared] of this.byKey) {
      if (performance.now() - shared.madeAtMs < SHARED_FOR_MS) return;
      this.forget(key, shared);
    }
  }

  private forget(key: string, shared: Shared<Text>): void {
    if (this.byKey.get(key) !== shared) return;
    this.byKey.delete(key);
    this.characters -= shared.characters;
  }
}
