import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { AccountPusher } from './account-pusher';
import { AccountSigning } from './account-signing';

const TURN_MS = 1_000;

/** How long whoever revokes waits for the bus: twice as long as a signer and a push may take. */
const PUSH_PATIENCE_MS = 8_000;

interface Waiting {
  pushed: Promise<true>;
  resolve: (value: true) => void;
}

function waiting(): Waiting {
  let resolve: (value: true) => void = () => undefined;
  const pushed = new Promise<true>((settle) => (resolve = settle));
  return { pushed, resolve };
}

/**
 * Brings what was revoked to the bus: one loop a replica, which has the account signed and pushes it, at most once a
 * second over all of them. Whoever revokes commits a row, and waits here for the turn that contains it.
 */
@Injectable()
export class Revocations implements OnApplicationBootstrap, OnModuleDestroy {
  private next = waiting();
  private isAwaited = false;
  private readonly loop: Loop;

  constructor(
    private readonly signing: AccountSigning,
    private readonly pusher: AccountPusher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.loop = new Loop({
      turn: (stopping) => this.turn(stopping),
      everyMs: TURN_MS,
      failure: 'revocations not brought to the bus',
      logger,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** After the commit. True when the bus has it; false where that takes longer, and any replica goes on trying. */
  async push(): Promise<boolean> {
    this.isAwaited = true;
    const { pushed } = this.next;
    this.loop.wake();
    const patience = new AbortController();
    const isPushed = await Promise.race([
      pushed,
      delay(PUSH_PATIENCE_MS, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (!isPushed) this.logger.warn('bus account not pushed yet');
    return isPushed;
  }

  /** Those who came before it began are told when it ends; whoever comes while it runs may be too late for it. */
  private async turn(stopping: AbortSignal): Promise<void> {
    const { isAwaited, next } = this;
    [this.isAwaited, this.next] = [false, waiting()];
    try {
      await this.signAll(stopping);
      // Otherwise the pusher, which looks by itself, does it within a second.
      if (isAwaited) await this.pusher.compare();
      next.resolve(true);
    } catch (error) {
      // They stand with those who came meanwhile, and wait for the next turn as long as they like.
      if (isAwaited) {
        this.isAwaited = true;
        void this.next.pushed.then(next.resolve);
      }
      throw error;
    }
  }

  private async signAll(stopping: AbortSignal): Promise<void> {
    for (;;) {
      const { againInMs } = await this.signing.signDue(this.pusher);
      if (againInMs === 0 || stopping.aborted) return;
      await delay(againInMs, undefined, { signal: stopping });
    }
  }
}
