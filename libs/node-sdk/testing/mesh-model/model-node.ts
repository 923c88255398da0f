/** A Node of the model: the SDK's own functions, with as much of a session around them as decides what is asked again. */
import { NonceMemory, PLATFORM, type Scope } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { takeChain } from '../../src/chain';
import type { KeyChange } from '../../src/key-change';
import { isKeyEvent, takeKeyEvent } from '../../src/key-events';
import { trustAtEnrolment, type TrustState } from '../../src/trust-state';
import { readEnvelope, verdictOn } from '../../src/verify';

export interface Message {
  kind: 'chain' | 'event';
  text: string;
  /** Of the Node's stream; what a thief slips in goes on where the Node is. */
  sequence?: number;
}

export interface Said {
  /** A hello waits for an answer; else it is an acknowledgement. */
  isHello: boolean;
  epochs: { own: number; platform: number };
  heads: { own: string; platform: string };
}

export class ModelNode {
  state: TrustState;
  wantsHello = true;
  isAsleep = false;
  readonly refusals: string[] = [];
  private walked: Parameters<typeof takeChain>[3];
  private sequence: number | undefined;
  private readonly nonces = new NonceMemory();

  constructor(
    readonly scope: Scope,
    bundle: string,
  ) {
    this.state = trustAtEnrolment('0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2', readBundle(bundle));
  }

  /** It connects anew: what it lost meanwhile does not show, and it says hello. */
  wake(): void {
    this.isAsleep = false;
    this.sequence = undefined;
    this.ask();
  }

  speak(): Said {
    const isHello = this.wantsHello;
    this.wantsHello = false;
    const { ring, platform } = this.state;
    return {
      isHello,
      epochs: { own: ring.epoch, platform: platform.epoch },
      heads: { own: ring.statementHash, platform: platform.statementHash },
    };
  }

  async take({ kind, text, sequence }: Message, now: Date): Promise<void> {
    const continues = sequence === undefined || this.sequence === undefined || sequence === this.sequence + 1;
    if (sequence !== undefined) this.sequence = sequence;
    if (!continues || (this.walked !== undefined && kind !== 'chain')) this.ask();
    if (kind === 'event') return this.takeEvent(text, now);
    const from = this.walked;
    this.walked = undefined;
    const outcome = await takeChain(this.state, text, now, from);
    if (outcome.kind === 'part') this.walked = outcome.walked;
    else this.change(outcome);
  }

  private async takeEvent(text: string, now: Date): Promise<void> {
    const envelope = readEnvelope(text)!;
    const verdict = verdictOn(this.state, envelope, now, this.nonces);
    if (verdict.kind === 'refused') this.refuse(verdict.reason);
    else if (isKeyEvent(envelope.eventType)) {
      this.change(await takeKeyEvent(this.state, envelope.eventType, envelope, verdict.key));
    }
  }

  private change(change: KeyChange): void {
    if (change.kind === 'refused') return this.refuse(change.reason);
    this.state = change.state;
    if ('refused' in change && change.refused !== undefined) this.refuse(String(change.refused));
  }

  private refuse(reason: string): void {
    this.refusals.push(reason);
    this.ask();
  }

  private ask(): void {
    this.walked = undefined;
    this.wantsHello = true;
  }

  get isPlatforms(): boolean {
    return this.scope === PLATFORM;
  }
}
