/**
 * A Node's side of its stream, without the bus and without the disk: takes one message after the other, strictly in
 * order, and decides what comes of it. Everything with an effect is an argument.
 */
import {
  CHANNEL_KEYS_CHANGED,
  isReservedEventType,
  NonceMemory,
  type Ack,
  type Envelope,
  type Hello,
  type TrustedKey,
} from '@plexsphere/wire';
import { Application } from './application';
import type { RingsWalk } from '@plexsphere/wire/jws';
import { takeChain } from '../trust/chain';
import { Greeter } from './greeter';
import type { KeyChange } from '../trust/key-change';
import { hearKeys } from '../member/hear-keys';
import { ringsAt } from '../member/held-ring';
import { channelRefusal, type RunningMember } from '../member/running-member';
import { isKeyEvent, takeKeyEvent } from '../trust/key-events';
import {
  noCounts,
  type Counts,
  type Handler,
  type Logger,
  type NodeEvent,
  type NodeObserver,
  type RefusalReason,
  type Refused,
  type Trusts,
} from '../node-observer';
import { SequenceWatch, type StreamMessage } from '../transport/stream-message';
import { positionAfter, takeReady } from '../trust/stream-ready';
import { oneFurther, type TrustState } from '../trust/trust-state';
import { trustsOf, TrustWatch } from './trust-watch';
import { decisionOn, readEnvelope, verdictOn } from '../trust/verify';
import { WriteBehind } from '../store/write-behind';

export interface NodeSessionOptions {
  state: TrustState;
  handler: Handler;
  save(state: TrustState): Promise<void>;
  sayHello(hello: Hello): void;
  acknowledge(ack: Ack): void;
  /** Of a channel's member. */
  member?: Pick<RunningMember, 'take' | 'holds' | 'saved'> | undefined;
  observer: NodeObserver;
  logger: Logger;
  now(): Date;
}

export class NodeSession {
  readonly counts: Counts = noCounts();
  /** Resolves when a hello was answered for the first time. */
  readonly ready: Promise<void>;

  private current: TrustState;
  /** Where the parts of an unfinished chain have led; in memory alone, and undone by whatever is not the next part. */
  private walked: RingsWalk | undefined;
  /** What told of keys and did not fit while a hello was open, and nothing has told of them since. */
  private unfit: Refused | undefined;
  private taking: Promise<void> = Promise.resolve();
  private becomeReady: () => void = () => undefined;
  private readonly stopping = new AbortController();
  private readonly nonces = new NonceMemory();
  private readonly sequences = new SequenceWatch();
  private readonly application: Application;
  private readonly greeter: Greeter;
  private readonly writer: WriteBehind;
  private readonly watch: TrustWatch;

  constructor(private readonly options: NodeSessionOptions) {
    const { now, logger, observer, handler } = options;
    const { signal } = this.stopping;
    this.current = options.state;
    this.ready = new Promise((resolve) => (this.becomeReady = resolve));
    this.greeter = new Greeter({ say: (helloId) => this.sayHello(helloId), isBusy: () => this.application.busy, now });
    this.writer = new WriteBehind(options.state, {
      save: (state) => this.save(state),
      acknowledge: (state) => options.acknowledge(standingOf(state)),
      onFailure: (error) => logger.error({ error: String(error) }, 'trust store cannot be written'),
      signal,
    });
    const onFailure = (): void => void (this.counts.handlerFailures += 1);
    this.application = new Application({ handler, logger, signal, onFailure });
    this.watch = new TrustWatch(now, (trusts) => observer.onTrusts?.(trusts));
    this.watch.look(this.current);
  }

  get state(): TrustState {
    return this.current;
  }

  get trusts(): Trusts {
    return trustsOf(this.current, this.options.now());
  }

  connected(): void {
    this.sequences.restart();
    this.greeter.connect();
  }

  disconnected(): void {
    this.walked = undefined;
    this.unfit = undefined;
    this.greeter.disconnect();
  }

  /** Says again how far this Node is, once that is on its disk: heals a lost acknowledgement, and is a sign of life. */
  acknowledge(): void {
    this.writer.acknowledge();
  }

  /** Of a channel's keys those go, from the disk too, whose time is over. */
  dropOver(): void {
    const rings = ringsAt(this.current.rings, this.options.now());
    if (rings !== this.current.rings) this.become({ ...this.current, rings });
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
    this.watch.stop();
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
    const continues = this.sequences.follows(message);
    if (!continues || (this.walked !== undefined && message.kind !== 'chain')) {
      this.walked = undefined;
      this.greeter.ask();
    }
    switch (message.kind) {
      case 'chain':
        return this.takeChain(message.text);
      case 'event':
        return this.takeEvent(message);
      default:
        this.options.logger.warn({ kind: message.kind }, 'message of an unknown kind passed over');
    }
  }

  private async takeChain(text: string): Promise<void> {
    const from = this.walked;
    this.walked = undefined;
    const outcome = await takeChain(this.current, text, this.options.now(), from);
    if (outcome.kind === 'part') this.walked = outcome.walked;
    else this.changeKeys(outcome, {});
  }

  private async takeEvent(message: StreamMessage): Promise<void> {
    const envelope = readEnvelope(message.text);
    if (envelope === undefined) return this.refuse({ reason: 'malformed' });
    if (envelope.eventType === 'stream_ready') return this.takeReady(envelope);
    if (isKeyEvent(envelope.eventType)) return this.takeKeyEvent(envelope, envelope.eventType);
    return this.takeOrdinary(envelope, message.position);
  }

  private takeReady(envelope: Envelope): void {
    const verdict = verdictOn(this.current, envelope, this.options.now(), this.nonces);
    // As with an event: what was refused for its age or its key comes again, signed now and after that key's news.
    if (verdict.kind === 'refused') return this.refuseOrdinary(verdict.reason, envelope);
    const ready = takeReady(this.current, envelope, verdict.key);
    if (typeof ready === 'string') return this.refuse({ reason: ready, ...namesOf(envelope) });
    if (!this.greeter.answer(ready.hello_id)) return;
    if (this.unfit !== undefined) return this.refuseKeys(this.unfit);
    const { position } = this.current;
    const next = positionAfter(position, ready);
    const fields = { position, resumesAfter: next };
    if (next < position) this.options.logger.warn(fields, 'position was beyond the last event');
    if (next !== position) this.become({ ...this.current, position: next });
    this.becomeReady();
  }

  /** Taken whether or not a hello is open: ordered by its statement, a key event never needs what went before. */
  private async takeKeyEvent(envelope: Envelope, eventType: Parameters<typeof takeKeyEvent>[1]): Promise<void> {
    // Not told apart by its event id, which whoever may have events signed could have used up: by its statement.
    const verdict = verdictOn(this.current, envelope, this.options.now(), this.nonces);
    if (verdict.kind === 'refused') {
      const refused = { reason: verdict.reason, ...namesOf(envelope) };
      return verdict.reason === 'other_recipient' ? this.refuse(refused) : this.refuseKeys(refused);
    }
    this.changeKeys(await takeKeyEvent(this.current, eventType, envelope, verdict.key), namesOf(envelope));
  }

  private changeKeys(change: KeyChange, names: Omit<Refused, 'reason'>): void {
    const { logger } = this.options;
    if (change.kind === 'refused') return this.refuseKeys({ reason: change.reason, ...names });
    const taken = change.kind === 'taken';
    this.counts[taken ? 'keyChanges' : 'superseded'] += 1;
    // What is held of channels may have changed by the clock while this was verified.
    const { rings } = this.current;
    const next = change.state.rings === rings ? change.state : { ...change.state, rings };
    this.become(next);
    if (!taken) return;
    this.unfit = undefined;
    if (change.refused !== undefined) this.refuseKeys({ reason: change.refused, ...names });
    this.greeter.progress();
    this.watch.look(next);
    const { scope, ring, platform } = next;
    logger.info({ scope, epoch: ring.epoch, platformEpoch: platform.epoch }, 'keys taken');
  }

  /**
   * Without it whatever follows may be signed by a key that this Node does not know yet, so it asks. While a hello is open
   * it has: what comes then may have been written for what the Node was told while it was away, or before a hole, and does
   * not fit what it holds. The answer brings what does; if it brings nothing, this was refused.
   */
  private refuseKeys(refused: Refused): void {
    if (this.greeter.waiting && LACKING.includes(refused.reason)) {
      this.options.logger.info(refused, 'does not fit before the hello is answered');
      this.unfit = refused;
      return;
    }
    this.unfit = undefined;
    this.refuse(refused);
    this.greeter.ask();
  }

  private async takeOrdinary(envelope: Envelope, position: number | undefined): Promise<void> {
    const { current: state, greeter } = this;
    // Not verified yet, so its nonce is unused when it comes again.
    if (greeter.waiting) return;
    if (position === undefined) return this.refuse({ reason: 'malformed', ...namesOf(envelope) });
    if (position <= state.position) return this.repeat();
    if (position > state.position + 1) return greeter.ask();
    if (envelope.eventType === CHANNEL_KEYS_CHANGED && this.options.member !== undefined)
      return this.takeChannelKeys(envelope, this.options.member);
    const decision = decisionOn(state, envelope, this.options.now(), this.nonces);
    if (decision.kind === 'refused') return this.refuseOrdinary(decision.reason, envelope);
    if (decision.kind === 'apply') return this.apply(envelope, position, decision.key);
    this.counts.duplicates += 1;
    this.become(oneFurther(state));
  }

  private takeChannelKeys(envelope: Envelope, member: Pick<RunningMember, 'take'>): void {
    const { current: state } = this;
    const verdict = verdictOn(state, envelope, this.options.now(), this.nonces);
    if (verdict.kind === 'refused') return this.refuseOrdinary(verdict.reason, envelope);
    const outcome = hearKeys(state, envelope, verdict.key, (payload) => member.take(state.rings, payload));
    if (outcome.kind === 'unsaid') return this.refuseOrdinary(outcome.reason, envelope);
    if (outcome.kind === 'superseded') this.counts.superseded += 1;
    if (outcome.kind === 'refused') this.refuse({ reason: channelRefusal(outcome.reason), ...namesOf(envelope) });
    this.greeter.progress();
    if (outcome.kind !== 'taken') return this.become(oneFurther(state));
    this.counts.channelKeys += 1;
    this.become({ ...oneFurther(state), rings: outcome.rings });
    const { scope, epoch, keys } = outcome.ring;
    this.options.logger.info({ scope, epoch, keyIds: keys.map(({ keyId }) => keyId) }, 'channel keys taken');
  }

  private refuseOrdinary(reason: RefusalReason, envelope: Envelope): void {
    this.refuse({ reason, ...namesOf(envelope) });
    // What the relay sent so is sent anew: signed now, after the announcement of a key that this Node may lack. Any other
    // refusal shows as a hole at the next event if a true one was refused.
    if (reason === 'stale' || reason === 'signature_invalid' || reason === 'unknown_key') this.greeter.ask();
  }

  private async apply(envelope: Envelope, position: number, key: TrustedKey): Promise<void> {
    const event = this.eventOf(envelope, position, key);
    const ours = isReservedEventType(envelope.eventType);
    if (!ours && !(await this.application.hand(event))) return;
    if (!ours) this.counts.applied += 1;
    else if (envelope.eventType === 'resync') this.options.observer.onResync?.(event);
    this.greeter.progress();
    this.current.applied.add(envelope.eventId, this.options.now());
    this.become(oneFurther(this.current));
  }

  private eventOf(envelope: Envelope, position: number, key: TrustedKey): NodeEvent {
    return {
      eventId: envelope.eventId,
      eventType: envelope.eventType,
      payload: envelope.payload,
      position,
      scope: this.current.scope,
      issuedAt: envelope.issuedAt,
      keyId: key.keyId,
      epoch: this.current.ring.epoch,
    };
  }

  private become(state: TrustState): void {
    this.current = state;
    this.writer.put(state);
    this.options.member?.holds(state.rings);
  }

  private async save(state: TrustState): Promise<void> {
    await this.options.save(state);
    this.options.member?.saved(state.rings);
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

/** Why something true is refused by whoever lacks what came before it. */
const LACKING: readonly RefusalReason[] = ['gap', 'bundle_foreign', 'unknown_key', 'signature_invalid', 'revoked'];

const standingOf = ({ ring, platform, position }: TrustState): Ack => ({
  epoch: ring.epoch,
  platform_epoch: platform.epoch,
  position,
  heads: { ring: ring.statementHash, platform: platform.statementHash },
});

const namesOf = ({ eventId, eventType, keyId }: Envelope) => ({
  eventId,
  eventType,
  ...(keyId !== undefined && { keyId }),
});
