/** Tells when the set of trusted keys has changed: a key was taken or dropped, or its time is over. */
import type { Trusts } from '../node-observer';
import { trustedKeys, type TrustState } from '../trust/trust-state';

/** setTimeout fires at once beyond 2^31 - 1 ms; whoever waits longer looks again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class TrustWatch {
  private told = '';
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly now: () => Date,
    private readonly tell: (trusts: Trusts) => void,
  ) {}

  look(state: TrustState): void {
    this.stop();
    const now = this.now();
    const trusts = trustsOf(state, now);
    const text = JSON.stringify([trusts.keyIds, trusts.platformKeyIds]);
    if (text !== this.told) this.tell(trusts);
    this.told = text;
    const expiresInMs = nextExpiry(state, now) - now.getTime();
    if (!Number.isFinite(expiresInMs)) return;
    this.timer = setTimeout(() => this.look(state), Math.min(expiresInMs, LONGEST_TIMER_MS));
    // Not worth keeping a process alive for.
    this.timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

export const trustsOf = (state: TrustState, now: Date): Trusts => ({
  epoch: state.ring.epoch,
  platformEpoch: state.platform.epoch,
  keyIds: trustedKeys(state.ring, now).map(({ keyId }) => keyId),
  platformKeyIds: trustedKeys(state.platform, now).map(({ keyId }) => keyId),
});

function nextExpiry(state: TrustState, now: Date): number {
  const expiries = [state.ring, state.platform]
    .flatMap((anchor) => trustedKeys(anchor, now))
    .map(({ notAfter }) => notAfter?.getTime() ?? Infinity);
  return Math.min(Infinity, ...expiries);
}
