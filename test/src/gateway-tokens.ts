import { setTimeout as delay } from 'node:timers/promises';
import type { GivenToken, IssuerLife } from './issuer-life';

/** Asks an issuer for tokens without end, over all gateways, so many at a time at each. */
export class GatewayTokens {
  readonly given: (GivenToken & { base: string })[] = [];
  /** How often it was told that it will pass. */
  unanswered = 0;
  private isAsking = true;
  private readonly asking: Promise<unknown>;

  private constructor(
    private readonly life: IssuerLife,
    private readonly everyMs: number,
    private readonly taken: (token: GivenToken) => Promise<void>,
    atOnce: number,
  ) {
    const lines = life.bases.flatMap((base) => Array.from({ length: atOnce }, () => this.askOn(base)));
    this.asking = Promise.all(lines);
    // Awaited when it is stopped, however early it fails.
    this.asking.catch(() => undefined);
  }

  /** `taken` is awaited before the next one is asked for. */
  static start(
    life: IssuerLife,
    { everyMs, atOnce = 1 }: { everyMs: number; atOnce?: number },
    taken: (token: GivenToken) => Promise<void>,
  ): GatewayTokens {
    const tokens = new GatewayTokens(life, everyMs, taken, atOnce);
    life.world.afterwards(() => tokens.stop().catch(() => undefined));
    return tokens;
  }

  /** @throws Error where one was refused */
  async stop(): Promise<void> {
    this.isAsking = false;
    await this.asking;
  }

  /** Whether each gateway has given one that was asked for since. */
  gaveSince(at: number): boolean {
    return this.life.bases.every((base) => this.given.some((token) => token.base === base && token.askedAt >= at));
  }

  private async askOn(base: string): Promise<void> {
    while (this.isAsking) {
      const token = await this.life.tokenAt(base);
      if (token === undefined) this.unanswered += 1;
      else {
        this.given.push({ ...token, base });
        await this.taken(token);
      }
      await delay(this.everyMs);
    }
  }
}
