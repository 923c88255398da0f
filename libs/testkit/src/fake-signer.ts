import {
  PLATFORM,
  headers as names,
  problem,
  publicText,
  subjects,
  type Problem,
  type Scope,
  type StreamReady,
} from '@plexsphere/wire';
import type {
  Announce,
  EnvelopeReply,
  GenerateKey,
  GenerateKeyReply,
  LoadKey,
  SignBundle,
  SignBundleReply,
  SignEnvelope,
  SignReady,
  SignReadyReply,
} from '@plexsphere/wire/commands';
import { isByPlatform, signStatement, statementHash, type Statement } from '@plexsphere/wire/jws';
import { headers as natsHeaders, type Msg, type NatsConnection } from 'nats';
import { envelopeBy, testKey, type TestKey } from './test-key';
import type { TestRing } from './test-ring';
import type { TestRings } from './test-rings';

/** A ring as it is committed: what a statement that follows has to name. */
export interface RingHead {
  epoch: number;
  activeKeyId: string;
  statementHash: string;
}

/**
 * Answers on the bus with real keys and statements, as a signer that holds every lease would. It signs by the rings that
 * it is given; where another keeps them, as rotation does in its database, `headOf` says how they stand.
 */
export class FakeSigner {
  /** Every request that was answered, by verb. */
  readonly asked: string[] = [];
  /** By name: what was made on request. A key that is asked for twice is the same one. */
  readonly made = new Map<string, TestKey>();
  /** Holders that do not load a prepared key. */
  readonly unable = new Set<string>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly rings: TestRings,
    private readonly headOf: (scope: Scope) => RingHead | Promise<RingHead> = (scope) => headInMemory(rings.of(scope)),
  ) {}

  /** As a signer and as every holder whose key it is asked to load. */
  listen(): () => void {
    const callback = (_: unknown, message: Msg): void => void this.answer(message);
    const subscriptions = [
      this.connection.subscribe(subjects.scopeSigner('*', '*'), { callback }),
      this.connection.subscribe(subjects.thatSigner('*', 'load-key'), { callback }),
    ];
    return () => subscriptions.forEach((subscription) => subscription.unsubscribe());
  }

  private async answer(message: Msg): Promise<void> {
    const verb = message.subject.split('.').at(-1) ?? '';
    try {
      const reply = await this.replyTo(verb, message);
      this.asked.push(verb);
      message.respond(JSON.stringify(reply));
    } catch (error) {
      const { code, detail, body } = error as Problem;
      const headers = natsHeaders();
      headers.set(names.errorCode, code);
      headers.set(names.error, detail);
      message.respond(JSON.stringify(body), { headers });
    }
  }

  private replyTo(verb: string, message: Msg): unknown {
    switch (verb) {
      case 'generate-key':
        return this.generate(message.json<GenerateKey>());
      case 'load-key':
        return this.load(message.json<LoadKey>(), message.subject.split('.').at(-2) ?? '');
      case 'sign-envelope':
        return this.envelope(message.json<SignEnvelope>());
      case 'announce':
        return this.announcement(message.json<Announce>());
      case 'sign-ready':
        return this.readies(message.json<SignReady>());
      case 'sign-bundle':
        return this.bundle(message.json<SignBundle>());
      default:
        throw problem('internal');
    }
  }

  /** The statement is by the key that the head names as active; of a new ring, by the platform's. */
  private async generate(request: GenerateKey): Promise<GenerateKeyReply> {
    const { type, scope, epoch, new_key_id: keyId, authority_epoch: authorityEpoch } = request;
    const authorityScope = type === 'create' ? PLATFORM : scope;
    const head = await this.headOf(authorityScope);
    if (head.epoch !== authorityEpoch) throw problem('epochMismatch', { epoch: head.epoch });
    const authority = this.keyOf(authorityScope, head.activeKeyId);
    const name = `${scope} ${keyId}`;
    const key = this.made.get(name) ?? testKey(keyId);
    this.made.set(name, key);
    const old = type === 'rotate' ? authority : undefined;
    const made: Statement = {
      type,
      scope,
      epoch,
      authority_epoch: isByPlatform(type, scope) ? authorityEpoch : null,
      old_key_id: old?.keyId ?? null,
      old_public_key: old === undefined ? null : publicText(old.privateKey),
      new_key_id: keyId,
      new_public_key: publicText(key.privateKey),
      opened_at: request.opened_at,
      closes_at: request.closes_at ?? null,
      transition_expires: request.transition_expires ?? null,
      next: null,
      previous: old === undefined ? null : head.statementHash,
    };
    const statement = await signStatement(made, authority, key);
    return { public_key: made.new_public_key, statement, statement_hash: statementHash(statement) };
  }

  private load({ scope, key_id, public_key }: LoadKey, holder: string): { loaded: true } {
    const key = this.made.get(`${scope} ${key_id}`);
    const loads = key !== undefined && publicText(key.privateKey) === public_key && !this.unable.has(holder);
    if (!loads) throw problem('keyUnavailable');
    return { loaded: true };
  }

  private readies(request: SignReady): SignReadyReply {
    const { keyId } = this.at(request.scope, request.epoch).active;
    const envelopes = request.readies.map(({ event_id, nonce, ...fields }) => {
      const payload: StreamReady = { ...fields, epoch: request.epoch };
      const event = { ...request, event_type: 'stream_ready', event_id, nonce };
      return this.sealed(event, keyId, JSON.stringify(payload)).envelope;
    });
    return { envelopes, key_id: keyId };
  }

  private envelope(request: SignEnvelope): EnvelopeReply {
    const { keyId } = this.at(request.scope, request.epoch).active;
    return this.sealed(request, keyId, request.payload ?? null);
  }

  private announcement(request: Announce): EnvelopeReply {
    const ring = this.at(request.scope, request.epoch);
    if (request.event_type === 'signing_key_rotated')
      return this.sealed(request, request.key_id, JSON.stringify(ring.rotatedPayload()));
    const { epoch, transition_expires, statement } = this.rings.of(PLATFORM).rotatedPayload();
    return this.sealed(request, request.key_id, JSON.stringify({ epoch, transition_expires, statement }));
  }

  private async bundle(request: SignBundle): Promise<SignBundleReply> {
    this.at(request.scope, request.epoch);
    this.at(PLATFORM, request.platform_epoch);
    return { bundle: await this.rings.bundle(request.scope, new Date()) };
  }

  private at(scope: Scope, epoch: number): TestRing {
    const ring = this.rings.of(scope);
    if (ring.epoch !== epoch) throw problem('epochMismatch', { epoch: ring.epoch });
    return ring;
  }

  private keyOf(scope: Scope, keyId: string): TestKey {
    const made = this.made.get(`${scope} ${keyId}`);
    const key = made ?? this.rings.of(scope).keys.find((each) => each.keyId === keyId);
    if (key === undefined) throw problem('keyUnavailable');
    return key;
  }

  private sealed(
    request: Pick<SignEnvelope, 'scope' | 'event_type' | 'event_id' | 'issued_at' | 'nonce'>,
    keyId: string,
    payload: string | null,
  ): EnvelopeReply {
    const { event_type: eventType, event_id: eventId, issued_at, nonce, scope } = request;
    const key = this.rings.of(scope).trusted.find((each) => each.keyId === keyId);
    if (key === undefined) throw problem('unknownKey');
    const issuedAt = new Date(issued_at);
    return { envelope: envelopeBy(key, scope, issuedAt, { eventType, eventId, nonce, payload }), key_id: keyId };
  }
}

const headInMemory = (ring: TestRing): RingHead => ({
  epoch: ring.epoch,
  activeKeyId: ring.active.keyId,
  statementHash: ring.statementHash,
});
