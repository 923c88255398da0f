import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Loop, type Logger } from '@plexsphere/service-kit';
import { AccountPusher } from './account-pusher';
import { WorkLeft, untilTogether } from '../work/work-left';
import { AccountSigning } from './account-signing';

const TURN_MS = 1_000;
/** Where nobody revokes anything: what is over leaves the account's JWT by itself. */
const SIGN_ANYHOW_MS = 60_000;

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
  private lookedAtMs = -Infinity;
  private revision: string | null = null;
  private readonly loop: Loop;

  constructor(
    private readonly signing: AccountSigning,
    private readonly pusher: AccountPusher,
    private readonly work: WorkLeft,
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
  private async turn(stopping: AbortSignal): Promise<number> {
    const { isAwaited, next } = this;
    [this.isAwaited, this.next] = [false, waiting()];
    try {
      if (isAwaited || this.looksAnyhow || (await this.mayBeDue())) await this.signAll(stopping);
      // Otherwise the pusher, which looks by itself, does it within a second.
      if (isAwaited) await this.pusher.compare();
      next.resolve(true);
      return untilTogether(TURN_MS);
    } catch (error) {
      // They stand with those who came meanwhile, and wait for the next turn as long as they like.
      if (isAwaited) {
        this.isAwaited = true;
        void this.next.pushed.then(next.resolve);
      }
      throw error;
    }
  }

  /** Also where another replica has signed the account: how full it is, each says by itself. */
  private async mayBeDue(): Promise<boolean> {
    const { revocations, accountRevision } = await this.work.find();
    if (accountRevision !== null) this.pusher.heardOf(accountRevision);
    const isAnother = accountRevision !== this.revision;
    this.revision = accountRevision;
    return revocations || isAnother;
  }

  private get looksAnyhow(): boolean {
    return performance.now() - this.lookedAtMs >= SIGN_ANYHOW_MS;
  }

  private async signAll(stopping: AbortSignal): Promise<void> {
    this.lookedAtMs = performance.now();
    for (;;) {
      const { againInMs } = await this.signing.signDue(this.pusher);
      if (againInMs === 0 || stopping.aborted) return;
      await delay(againInMs, undefined, { signal: stopping });
    }
  }
}
