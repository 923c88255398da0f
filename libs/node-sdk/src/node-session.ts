/**
 * A Node's side of its stream, without the bus and without the disk: takes one message after the other, strictly in
 * order, and decides what comes of it. Everything with an effect is an argument.
 */
import {
  EnvelopeError,
  isReservedEventType,
  NonceMemory,
  parseEnvelope,
  type Ack,
  type Envelope,
  type Hello,
  type TrustedKey,
} from '@plexsphere/wire';
import { backOffMs, pause } from './back-off';
import { takeChain, type ChainOutcome } from './chain';
import { Greeter } from './greeter';
import type { KeyChange } from './key-change';
import { isKeyEvent, takeKeyEvent } from './key-events';
import {
  noCounts,
  type Counts,
  type Handler,
  type Logger,
  type NodeEvent,
  type NodeObserver,
  type RefusalReason,
  type Refused,
} from './node-observer';
import type { StreamMessage } from './stream-message';
import { PositionWatch, SequenceWatch } from './stream-order';
import { recorded, type TrustState } from './trust-state';
import { TrustWatch } from './trust-watch';
import { decide } from './verify';
import { WriteBehind } from './write-behind';

export interface NodeSessionOptions {
  state: TrustState;
  handler: Handler;
  save(state: TrustState): Promise<void>;
  sayHello(hello: Hello): void;
  acknowledge(ack: Ack): void;
  observer: NodeObserver;
  logger: Logger;
  now(): Date;
}

const FIRST_RETRY_MS = 250;

export class NodeSession {
  readonly counts: Counts = noCounts();
  /** Resolves when a hello was answered for the first time. */
  readonly ready: Promise<void>;

  private current: TrustState;
  private handling = false;
  private taking: Promise<void> = Promise.resolve();
  private becomeReady: () => void = () => undefined;
  private readonly stopping = new AbortController();
  private readonly nonces = new NonceMemory();
  private readonly sequences = new SequenceWatch();
  private readonly positions = new PositionWatch();
  private readonly greeter: Greeter;
  private readonly writer: WriteBehind;
  private readonly trusts: TrustWatch;

  constructor(private readonly options: NodeSessionOptions) {
    const { now, logger, observer } = options;
    this.current = options.state;
    this.ready = new Promise((resolve) => (this.becomeReady = resolve));
    this.greeter = new Greeter({ say: (helloId) => this.sayHello(helloId), isBusy: () => this.handling, now });
    this.writer = new WriteBehind(options.state, {
      save: (state) => options.save(state),
      acknowledge: (state) => options.acknowledge(standingOf(state)),
      onFailure: (error) => logger.error({ error: String(error) }, 'trust store cannot be written'),
      signal: this.stopping.signal,
    });
    this.trusts = new TrustWatch(now, (trusts) => observer.onTrusts?.(trusts));
    this.trusts.look(this.current);
  }

  get state(): TrustState {
    return this.current;
  }

  connected(): void {
    this.sequences.restart();
    this.greeter.connect();
  }

  disconnected(): void {
    this.greeter.disconnect();
  }

  /** Says again how far this Node is, once that is on its disk: heals a lost acknowledgement, and is a sign of life. */
  acknowledge(): void {
    this.writer.acknowledge();
  }

  /** One at a time. Rejects for a defect only. */
  take(message: StreamMessage): Promise<void> {
    const taken = this.takeOne(message);
    this.taking = taken.catch(() => undefined);
    return taken;
  }

  /** No event is begun any more, and no failed one tried again. */
  stop(): void {
    this.greeter.disconnect();
    this.trusts.stop();
    this.stopping.abort();
  }

  /** The message in hand is done with. */
  idle(): Promise<void> {
    return this.taking;
  }

  /** What the application has finished is saved and acknowledged; what it finishes later is as if never done. */
  end(): Promise<void> {
    return this.writer.end();
  }

  private async takeOne(message: StreamMessage): Promise<void> {
    if (this.stopping.signal.aborted) return;
    if (!this.sequences.follows(message)) this.greeter.ask();
    switch (message.kind) {
      case 'ready':
        if (this.greeter.answer(message.helloId)) this.becomeReady();
        return;
      case 'chain':
        return this.takeChainOutcome(await takeChain(this.current, message.text, this.options.now()));
      case 'event':
        return this.takeEvent(message);
      default:
        this.options.logger.warn({ kind: message.kind }, 'message of an unknown kind passed over');
    }
  }

  private async takeEvent(message: StreamMessage): Promise<void> {
    const envelope = parsed(message.text);
    if (envelope === undefined) return this.refuse({ reason: 'malformed' });
    if (isKeyEvent(envelope.eventType)) return this.takeKeyEvent(envelope, envelope.eventType);
    return this.takeOrdinary(envelope, message.position);
  }

  /** Taken whether or not a hello is open: ordered by epoch, a key event never needs what went before. */
  private async takeKeyEvent(envelope: Envelope, eventType: Parameters<typeof takeKeyEvent>[1]): Promise<void> {
    const decision = decide(this.current, envelope, this.options.now(), this.nonces);
    if (decision.kind === 'duplicate') return this.repeat();
    if (decision.kind === 'refused') {
      this.refuse({ reason: decision.reason, ...namesOf(envelope) });
      // Without it whatever follows may be signed by a key that this Node does not know yet.
      if (decision.reason !== 'other_recipient') this.greeter.ask();
      return;
    }
    const change = await takeKeyEvent(this.current, eventType, envelope, decision.key);
    this.changeKeys(change, namesOf(envelope));
  }

  private takeChainOutcome(outcome: ChainOutcome): void {
    if (outcome.kind !== 'part') this.changeKeys(outcome, {});
  }

  private changeKeys(change: KeyChange, names: Omit<Refused, 'reason'>): void {
    const { logger } = this.options;
    if (change.kind === 'refused') {
      this.refuse({ reason: change.reason, ...names });
      return this.greeter.ask();
    }
    const taken = change.kind === 'taken';
    this.counts[taken ? 'keyChanges' : 'superseded'] += 1;
    const next = change.state;
    this.become(names.event_id === undefined ? next : recorded(next, names.event_id));
    if (!taken) return;
    this.greeter.progress();
    this.trusts.look(next);
    const { scope, ring, platform } = next;
    logger.info({ scope, epoch: ring.epoch, platform_epoch: platform.epoch }, 'keys taken');
  }

  private async takeOrdinary(envelope: Envelope, position: number | undefined): Promise<void> {
    const { current: state, greeter } = this;
    if (state.appliedEventIds.includes(envelope.eventId)) return this.repeat();
    // Not verified yet, so its nonce is unused when it comes again.
    if (greeter.waiting) return;
    const place = position === undefined ? 'next' : this.positions.place(state.position, position);
    if (place === 'duplicate') return this.repeat();
    // A resync stands for all that lay in the hole.
    if (place === 'hole' && envelope.eventType !== 'resync') return greeter.ask();
    const decision = decide(state, envelope, this.options.now(), this.nonces);
    if (decision.kind === 'duplicate') return this.repeat();
    if (decision.kind === 'refused') return this.refuseOrdinary(decision.reason, envelope);
    if (position === undefined) return this.refuse({ reason: 'malformed', ...namesOf(envelope) });
    await this.apply(envelope, position, decision.key);
  }

  private refuseOrdinary(reason: RefusalReason, envelope: Envelope): void {
    this.refuse({ reason, ...namesOf(envelope) });
    // What the relay sent so is sent anew: signed now, after the announcement of a key that this Node may lack. Any other
    // refusal shows as a hole at the next event if a true one was refused.
    if (reason === 'stale' || reason === 'signature_invalid') this.greeter.ask();
  }

  private async apply(envelope: Envelope, position: number, key: TrustedKey): Promise<void> {
    const ours = isReservedEventType(envelope.eventType);
    if (!ours && !(await this.hand(this.eventOf(envelope, position, key)))) return;
    if (!ours) this.counts.applied += 1;
    this.greeter.progress();
    this.become(recorded(this.current, envelope.eventId, position));
  }

  private eventOf(envelope: Envelope, position: number, key: TrustedKey): NodeEvent {
    return {
      event_id: envelope.eventId,
      event_type: envelope.eventType,
      payload: envelope.payload,
      position,
      scope: this.current.scope,
      issued_at: envelope.issuedAt,
      key_id: key.keyId,
      epoch: this.current.ring.epoch,
    };
  }

  /** False when the session was stopped before the application was done with the event. */
  private async hand(event: NodeEvent): Promise<boolean> {
    const { signal } = this.stopping;
    this.handling = true;
    try {
      for (let failures = 1; !signal.aborted; failures += 1) {
        if (await this.handled(event, failures)) return true;
        await pause(backOffMs(failures, FIRST_RETRY_MS), signal);
      }
      return false;
    } finally {
      this.handling = false;
    }
  }

  private async handled(event: NodeEvent, failures: number): Promise<boolean> {
    try {
      await this.options.handler(event);
      return true;
    } catch (error) {
      this.counts.handlerFailures += 1;
      const { event_id, event_type, position } = event;
      const fields = { event_id, event_type, position, failures, error: String(error) };
      this.options.logger.error(fields, 'handler failed and is called again');
      return false;
    }
  }

  private become(state: TrustState): void {
    this.current = state;
    this.writer.put(state);
  }

  private repeat(): void {
    this.counts.duplicates += 1;
    // It would not have come again, had the acknowledgement arrived.
    this.writer.acknowledge();
  }

  private refuse(refused: Refused): void {
    const { refused: counts } = this.counts;
    counts[refused.reason] = (counts[refused.reason] ?? 0) + 1;
    this.options.logger.warn(refused, 'message refused');
    this.options.observer.onRefused?.(refused);
  }

  private sayHello(helloId: string): void {
    this.counts.hellos += 1;
    this.options.sayHello({ hello_id: helloId, ...standingOf(this.current) });
  }
}

const standingOf = ({ ring, platform, position }: TrustState): Ack => ({
  epoch: ring.epoch,
  platform_epoch: platform.epoch,
  position,
});

const namesOf = ({ eventId, eventType, keyId }: Envelope) => ({
  event_id: eventId,
  event_type: eventType,
  ...(keyId !== undefined && { key_id: keyId }),
});

function parsed(text: string): Envelope | undefined {
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}
