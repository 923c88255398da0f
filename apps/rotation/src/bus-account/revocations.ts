import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
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
  private wake: () => void = () => undefined;
  private isStopped = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly signing: AccountSigning,
    private readonly pusher: AccountPusher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    this.wake();
    await this.loop;
  }

  /** After the commit. True when the bus has it; false where that takes longer, and any replica goes on trying. */
  async push(): Promise<boolean> {
    this.isAwaited = true;
    const { pushed } = this.next;
    this.wake();
    const patience = new AbortController();
    const isPushed = await Promise.race([
      pushed,
      delay(PUSH_PATIENCE_MS, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (!isPushed) this.logger.warn('bus account not pushed yet');
    return isPushed;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const isDone = await this.turn().catch((err: unknown) => {
        this.logger.warn({ err }, 'revocations not brought to the bus');
        return false;
      });
      if (isDone && this.isAwaited) continue;
      await this.pause(TURN_MS, isDone);
    }
  }

  /** Those who came before it began are told when it ends; whoever comes while it runs may be too late for it. */
  private async turn(): Promise<boolean> {
    const { isAwaited, next } = this;
    [this.isAwaited, this.next] = [false, waiting()];
    try {
      await this.signAll();
      // Otherwise the pusher, which looks by itself, does it within a second.
      if (isAwaited) await this.pusher.compare();
      next.resolve(true);
      return true;
    } catch (error) {
      // They stand with those who came meanwhile, and wait for the next turn as long as they like.
      if (isAwaited) {
        this.isAwaited = true;
        void this.next.pushed.then(next.resolve);
      }
      throw error;
    }
  }

  private async signAll(): Promise<void> {
    for (;;) {
      const { againInMs } = await this.signing.signDue();
      if (againInMs === 0 || this.isStopped) return;
      await this.pause(againInMs, false);
    }
  }

  private async pause(ms: number, untilAwaited: boolean): Promise<void> {
    const stop = new AbortController();
    this.wake = () => {
      if (untilAwaited || this.isStopped) stop.abort();
    };
    if (this.isStopped || (untilAwaited && this.isAwaited)) return;
    await delay(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    this.wake = () => undefined;
  }
}
