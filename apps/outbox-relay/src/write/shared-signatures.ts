/** One signature for many Nodes, each of them once: signing 10,000 times what is the same event would be the bottleneck. */

/** How long what was signed is handed out, in milliseconds: far below the five minutes after which a Node refuses it. */
const SHARED_FOR_MS = 60_000;

interface Shared {
  signedAtMs: number;
  text: Promise<string>;
  servedTo: Set<string>;
}

export class SharedSignatures {
  private readonly byKey = new Map<string, Shared>();

  /** `nowMs` is a monotonic clock. */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /**
   * The text for this Node. A Node that had this one before gets another: it would refuse the same nonce twice. All who
   * come while `sign` is under way share its answer, a failure too; the next one asks again. What has no nonce is for
   * everybody, any number of times.
   */
  for(nodeId: string | 'everybody', key: string, sign: () => Promise<string>): Promise<string> {
    const present = this.byKey.get(key);
    if (present !== undefined && this.isFresh(present) && !present.servedTo.has(nodeId)) {
      if (nodeId !== 'everybody') present.servedTo.add(nodeId);
      return present.text;
    }
    this.forgetOld();
    // To the end: the map is in the order in which its texts were signed.
    this.byKey.delete(key);
    const shared: Shared = { signedAtMs: this.nowMs(), text: sign(), servedTo: new Set() };
    if (nodeId !== 'everybody') shared.servedTo.add(nodeId);
    this.byKey.set(key, shared);
    shared.text.catch(() => {
      if (this.byKey.get(key) === shared) this.byKey.delete(key);
    });
    return shared.text;
  }

  private isFresh({ signedAtMs }: Shared): boolean {
    return this.nowMs() - signedAtMs < SHARED_FOR_MS;
  }

  private forgetOld(): void {
    for (const [key, shared] of this.byKey) {
      if (this.isFresh(shared)) return;
      this.byKey.delete(key);
    }
  }
}
