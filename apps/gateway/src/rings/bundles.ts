import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { PLATFORM, Problem, SIGNING_DURATION_MS, subjects, type Scope } from '@plexsphere/wire';
import type { SignBundle, SignBundleReply } from '@plexsphere/wire/commands';

/** How long one is handed out: far below the five minutes after which a Node refuses it. */
const SHARED_MS = 60_000;
/** And how long nobody asks again after nobody answered: a chain without a bundle is served at once then. */
const SILENT_MS = 1_000;

interface Asked {
  atMs: number;
  untilMs: number;
  bundle: Promise<string | null>;
}

/** Trust bundles, as signers make them. Whoever asks for the same one shares it: so strangers keep no signer busy. */
@Injectable()
export class Bundles {
  private readonly asked = new Map<string, Asked>();

  constructor(private readonly bus: Bus) {}

  /**
   * Of exactly these two epochs; null while nobody makes one.
   * @throws Problem epochMismatch, where a ring has moved meanwhile
   */
  of(scope: Scope, epoch: number, platformEpoch: number): Promise<string | null> {
    const nowMs = performance.now();
    this.forgetOld(nowMs);
    const key = `${scope} ${epoch} ${platformEpoch}`;
    const found = this.asked.get(key);
    if (found !== undefined && nowMs < found.untilMs) return found.bundle;
    const asked = { atMs: nowMs, untilMs: nowMs + SHARED_MS, bundle: this.ask(scope, epoch, platformEpoch) };
    // To the end: they stand in the order in which they were asked for.
    this.asked.delete(key);
    this.asked.set(key, asked);
    const isNone = (): void => void (asked.untilMs = performance.now() + SILENT_MS);
    asked.bundle.then((bundle) => (bundle === null ? isNone() : undefined), isNone);
    return asked.bundle;
  }

  private async ask(scope: Scope, epoch: number, platformEpoch: number): Promise<string | null> {
    const request: Omit<SignBundle, 'duration_ms'> = { scope, epoch, platform_epoch: platformEpoch };
    const isAnswer = ({ bundle }: Partial<SignBundleReply>) => typeof bundle === 'string';
    try {
      const subject = subjects.scopeSigner(PLATFORM, 'sign-bundle');
      return (await this.bus.askSigner<SignBundleReply>(subject, request, SIGNING_DURATION_MS, isAnswer)).bundle;
    } catch (error) {
      if (error instanceof Problem && error.is('epochMismatch')) throw error;
      if (error instanceof Problem) return null;
      throw error;
    }
  }

  private forgetOld(nowMs: number): void {
    for (const [key, { atMs }] of this.asked) {
      if (nowMs - atMs < SHARED_MS) return;
      this.asked.delete(key);
    }
  }
}
