/** One text for many Nodes: signing 10,000 times what is the same event would be the bottleneck. */

/** How long a text is handed out, in milliseconds: far below the five minutes after which a Node refuses what was signed. */
const SHARED_FOR_MS = 60_000;
/** Of all texts together. The oldest leave first, and are made again where somebody wants them after all. */
const MOST_CHARACTERS = 32 * 1_048_576;

interface Shared<Text> {
  madeAtMs: number;
  text: Promise<Text>;
  servedTo: Set<string>;
}

/** Texts that were made one after the other, and are forgotten all at once. */
class Generation<Text> {
  readonly byKey = new Map<string, Shared<Text>>();
  characters = 0;
}

/**
 * Texts are forgotten by generations and never one by one: a map that is looked through from its oldest entry on steps over
 * all that left before, so each new text would cost as much as there were in the last minute. A generation ends after a
 * minute, or when half of what may be kept is in it, and goes when the next one ends.
 */
export class SharedTexts<Text> {
  private young = new Generation<Text>();
  private old = new Generation<Text>();
  private aging: NodeJS.Timeout | undefined;

  constructor(private readonly lengthOf: (text: Text) => number) {}

  /**
   * All who come while it is being made share the answer, a failure too; after a failure the next one asks again. `onceTo`:
   * the Node that it is for, where a text has a nonce, which the Node would refuse a second time; it gets another one.
   */
  of(key: string, make: () => Promise<Text>, onceTo?: string): Promise<Text> {
    const present = this.young.byKey.get(key) ?? this.old.byKey.get(key);
    const isFresh = present !== undefined && performance.now() - present.madeAtMs < SHARED_FOR_MS;
    if (isFresh && (onceTo === undefined || !present.servedTo.has(onceTo))) {
      if (onceTo !== undefined) present.servedTo.add(onceTo);
      return present.text;
    }
    return this.make(key, make, onceTo);
  }

  private async make(key: string, make: () => Promise<Text>, onceTo: string | undefined): Promise<Text> {
    const servedTo = new Set(onceTo === undefined ? [] : [onceTo]);
    const shared = { madeAtMs: performance.now(), text: make(), servedTo };
    const generation = this.young;
    // One of that key that is older is found no more, and leaves with its own generation.
    generation.byKey.set(key, shared);
    this.startAging();
    try {
      const text = await shared.text;
      generation.characters += this.lengthOf(text);
      this.keepWithin(MOST_CHARACTERS);
      return text;
    } catch (error) {
      if (generation.byKey.get(key) === shared) generation.byKey.delete(key);
      throw error;
    }
  }

  private keepWithin(mostCharacters: number): void {
    if (this.young.characters > mostCharacters / 2) this.begin();
    if (this.old.characters + this.young.characters > mostCharacters) this.old = new Generation();
  }

  private begin(): void {
    this.old = this.young;
    this.young = new Generation();
  }

  /** By a timer, so that memory is given back where nobody comes any more, which is what follows every fan-out. */
  private startAging(): void {
    this.aging ??= setTimeout(() => {
      this.aging = undefined;
      this.begin();
      if (this.old.byKey.size > 0) this.startAging();
    }, SHARED_FOR_MS).unref();
  }
}
