/** What a member may prove of one ring: what is on its disk, and of a sink what that says is written. */
import { REPORT_LIMITS, channelProof, isKeyId } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import { backOffMs, pause } from '../back-off';
import type { Logger } from '../node-observer';
import type { BeforeProof, MemberKey } from './channel-member';
import type { HeldKey, HeldRing } from './held-ring';

export type Proven = Pick<ReportedRing, 'scope' | 'epoch' | 'keys' | 'taken_over'>;

export interface RingProofOptions {
  nodeId: string;
  beforeProof: BeforeProof | undefined;
  logger: Logger;
  signal: AbortSignal;
  onProven(): void;
}

const FIRST_RETRY_MS = 250;

export class RingProof {
  private current: Proven | undefined;
  private newest: HeldRing | undefined;
  private working: Promise<void> = Promise.resolve();
  private isWorking = false;

  constructor(private readonly options: RingProofOptions) {}

  /** Undefined before the first: of what a sink wrote before it restarted nobody knows whether it still stands there. */
  get proven(): Proven | undefined {
    return this.current;
  }

  /** It is on the disk. */
  put(ring: HeldRing): void {
    this.newest = ring;
    if (this.options.beforeProof === undefined) return this.become(ring, undefined);
    if (this.isWorking) return;
    this.isWorking = true;
    this.working = this.work(this.options.beforeProof);
  }

  /** What a sink has written stands there no more: nothing is proven until it was called anew, and has done. */
  withdraw(): void {
    const { beforeProof, onProven } = this.options;
    const { current, newest } = this;
    if (beforeProof === undefined || current === undefined || newest === undefined) return;
    this.current = { ...current, keys: [] };
    onProven();
    this.put(newest);
  }

  /** The application has done with what it was called for last. */
  idle(): Promise<void> {
    return this.working;
  }

  /** Until what was put last is written: of what is overtaken meanwhile the last alone. */
  private async work(beforeProof: BeforeProof): Promise<void> {
    const { signal } = this.options;
    let written: HeldRing | undefined;
    for (let failures = 0; this.newest !== undefined && written !== this.newest && !signal.aborted;) {
      const ring = this.newest;
      if (await this.wrote(ring, beforeProof)) {
        written = ring;
        failures = 0;
      } else await pause(backOffMs((failures += 1), FIRST_RETRY_MS), signal);
    }
    this.isWorking = false;
  }

  private async wrote(ring: HeldRing, beforeProof: BeforeProof): Promise<boolean> {
    const { scope, epoch } = ring;
    try {
      const { takenOver } = (await beforeProof(scope, ring.keys.map(givenKey), epoch)) ?? {};
      if (!this.options.signal.aborted) this.become(ring, takenOver);
      return true;
    } catch (error) {
      this.options.logger.error({ scope, epoch, error: String(error) }, 'not proven, and asked for again');
      return false;
    }
  }

  private become({ scope, epoch, keys }: HeldRing, takenOver: readonly string[] | undefined): void {
    const { nodeId, onProven } = this.options;
    const proofs = keys.map(({ keyId, secret }) => ({
      key_id: keyId,
      proof: channelProof(secret, { scope, keyId, epoch, nodeId }),
    }));
    // A report with a name that is none would be refused as a whole.
    const taken_over = takenOver?.filter(isKeyId).slice(0, REPORT_LIMITS.takenOver);
    this.current = { scope, epoch, keys: proofs, ...(taken_over !== undefined && { taken_over }) };
    onProven();
  }
}

export const givenKey = ({ keyId, secret, use, active, verifiesUntil }: HeldKey): MemberKey => ({
  keyId,
  secret: Buffer.from(secret),
  use,
  active,
  verifiesUntil: verifiesUntil && new Date(verifiesUntil),
});
