/** A Node of the model: the SDK's own functions, with as much of a session around them as decides what is asked again. */
import { NonceMemory, PLATFORM, type Scope } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { takeChain } from '../../src/trust/chain';
import type { KeyChange } from '../../src/trust/key-change';
import { isKeyEvent, takeKeyEvent } from '../../src/trust/key-events';
import type { Step } from './laws';
import { trustAtEnrolment, type TrustState } from '../../src/trust/trust-state';
import { readEnvelope, verdictOn } from '../../src/trust/verify';

export interface Message {
  kind: 'chain' | 'event';
  text: string;
  /** Of the Node's stream; what a thief slips in goes on where the Node is. */
  sequence?: number;
  /** Of an event: the hello that it answers. */
  answers?: number;
  /** Of a chain: whether the relay has everything else wait for it. */
  gates?: boolean;
}

export interface Said {
  /** Of a hello, which is repeated until it is answered; else it is an acknowledgement. */
  helloId?: number;
  epochs: { own: number; platform: number };
  heads: { own: string; platform: string };
}

type Walked = Parameters<typeof takeChain>[3];

export class ModelNode {
  state: TrustState;
  isAsleep = false;
  readonly refusals: string[] = [];
  /** Which statement of its own ring a bundle named to it last, if that is one of ours: counted from the first. */
  confirmed = -1;
  walked: Walked;
  /** That led to `walked`. */
  private parts: readonly Message[] = [];
  sequence: number | undefined;
  /** Of the last hello, and whether an answer to it is waited for. */
  helloId = 1;
  isWaiting = true;
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

  speak(): Said[] {
    const { ring, platform } = this.state;
    const acknowledgement: Said = {
      epochs: { own: ring.epoch, platform: platform.epoch },
      heads: { own: ring.statementHash, platform: platform.statementHash },
    };
    return this.isWaiting ? [{ ...acknowledgement, helloId: this.helloId }, acknowledgement] : [acknowledgement];
  }

  /** What came of it, for the laws. */
  async take(message: Message, now: Date): Promise<Step> {
    const { kind, text, sequence, answers } = message;
    const continues = sequence === undefined || this.sequence === undefined || sequence === this.sequence + 1;
    if (sequence !== undefined) this.sequence = sequence;
    if (!continues || (this.walked !== undefined && kind !== 'chain')) this.ask();
    const before = this.state;
    const from = this.walked;
    const parts = from === undefined ? [] : this.parts;
    this.walked = undefined;
    const refused = kind === 'event' ? await this.takeEvent(text, answers, now) : await this.takeChain(text, now, from);
    this.parts = this.walked === undefined ? [] : [...parts, message];
    return { before, after: this.state, message, parts, refused, now };
  }

  private async takeChain(text: string, now: Date, from: Walked): Promise<Step['refused']> {
    const outcome = await takeChain(this.state, text, now, from);
    if (outcome.kind !== 'part') return this.change(outcome);
    this.walked = outcome.walked;
    return 'nothing';
  }

  private async takeEvent(text: string, answers: number | undefined, now: Date): Promise<Step['refused']> {
    const envelope = readEnvelope(text)!;
    const verdict = verdictOn(this.state, envelope, now, this.nonces);
    if (verdict.kind === 'refused') return this.refuse(verdict.reason);
    if (isKeyEvent(envelope.eventType)) {
      return this.change(await takeKeyEvent(this.state, envelope.eventType, envelope, verdict.key));
    }
    if (answers === this.helloId) this.isWaiting = false;
    return 'nothing';
  }

  private change(change: KeyChange): Step['refused'] {
    if (change.kind === 'refused') return this.refuse(change.reason);
    this.state = change.state;
    if (!('refused' in change) || change.refused === undefined) return 'nothing';
    this.refuse(String(change.refused));
    return 'ring';
  }

  private refuse(reason: string): 'all' {
    this.refusals.push(reason);
    this.ask();
    return 'all';
  }

  private ask(): void {
    this.walked = undefined;
    this.helloId += 1;
    this.isWaiting = true;
  }

  get isPlatforms(): boolean {
    return this.scope === PLATFORM;
  }
}
