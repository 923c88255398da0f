import { ChannelError } from '../channel-error';
import type { ChannelKey, ChannelKeys } from './channel-keys';
import { reasonOf, type KeyLog } from './key-log';
import { isWithin, type KeyTimes } from './key-times';

/** One ring, as it stands where it is read from. */
interface Read {
  scope: string;
  read(): Promise<readonly ChannelKey[]>;
  /** Whether it stands otherwise than at the last read, where a look is cheap. */
  hasChanged?(): Promise<boolean>;
}

/**
 * Keeps the keys of one ring that are read somewhere, until they are too old: no process is started anew for a rotation.
 * What was read last serves on while nothing can be read, since it would sign and verify until it is told otherwise.
 */
export class KeyCache implements ChannelKeys {
  private keys: readonly ChannelKey[] | undefined;
  private confirmedAtMs = -Infinity;
  private begunAtMs = -Infinity;
  private lookedAtMs = -Infinity;
  private hasFailed = false;
  private underWay: Promise<void> | undefined;

  constructor(
    private readonly from: Read,
    private readonly times: KeyTimes,
    private readonly log: KeyLog,
  ) {}

  async keysFor(scope: string): Promise<readonly ChannelKey[]> {
    if (scope !== this.from.scope) return [];
    if (await this.looksChanged()) await this.reload();
    else if (!isWithin(this.times.ttlMs, this.confirmedAtMs)) await this.renew();
    return this.served();
  }

  async keysAgain(scope: string): Promise<readonly ChannelKey[]> {
    if (scope !== this.from.scope) return [];
    const isDue = this.underWay !== undefined || this.mayRead();
    // A look is cheap, and nobody is refused a key that is there already.
    if (isDue || (await this.from.hasChanged?.())) await this.reload();
    return this.served();
  }

  /** While nothing can be read, nobody who could be served waits for it. */
  private async renew(): Promise<void> {
    const isServed = this.keys !== undefined && this.hasFailed;
    if (this.hasFailed && this.underWay === undefined && !this.mayRead()) return;
    const reload = this.reload();
    if (!isServed) await reload;
  }

  private mayRead(): boolean {
    return !isWithin(this.times.againAfterMs, this.begunAtMs);
  }

  private async looksChanged(): Promise<boolean> {
    if (this.from.hasChanged === undefined || isWithin(this.times.lookEveryMs, this.lookedAtMs)) return false;
    this.lookedAtMs = Date.now();
    return this.from.hasChanged();
  }

  private served(): readonly ChannelKey[] {
    if (this.keys === undefined) throw new ChannelError('keys_unavailable', 'no keys could be read yet');
    return this.keys;
  }

  private reload(): Promise<void> {
    this.underWay ??= this.attempt().finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  private async attempt(): Promise<void> {
    this.begunAtMs = Date.now();
    const begunAtMs = this.begunAtMs;
    try {
      this.keys = await within(this.times.readWithinMs, this.from.read());
      this.confirmedAtMs = begunAtMs;
      this.hasFailed = false;
      this.log.loaded(this.from.scope, this.keys);
    } catch (error) {
      this.hasFailed = true;
      this.log.failed(this.from.scope, reasonOf(error));
    }
  }
}

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
