import {
  CHANNEL_KEYS_CHANGED,
  PLATFORM,
  channelDirection,
  headers as names,
  isEventIdOf,
  problem,
  subjects,
  type ChannelKey,
  type ChannelKeysChanged,
  type Problem,
  type Scope,
  type StreamReady,
} from '@plexsphere/wire';
import type {
  Announce,
  AnnounceChannel,
  AnnounceChannelReply,
  EnvelopeReply,
  SignBatch,
  SignBatchReply,
  SignBundle,
  SignBundleReply,
  SignEnvelope,
  SignReady,
  SignJwt,
  SignJwtReply,
  SignReadyReply,
} from '@plexsphere/wire/commands';
import { signAccessToken, type SigningKey } from '@plexsphere/wire/jws';
import { headers as natsHeaders, type Msg, type NatsConnection } from 'nats';
import { envelopeBy } from './test-key';
import type { TestRing } from './test-ring';
import type { TestRings } from './test-rings';

/** Answers relays on the bus, as a signer that holds every lease would, with real keys, by the rings that it is given. */
export class FakeSigner {
  /** Every request that was answered, by verb. */
  readonly asked: string[] = [];
  /** Key ids of what does not open: nothing is announced by it. */
  readonly unopened = new Set<string>();
  /** Whoever asks next is answered by these, one after the other. */
  readonly refusals: Problem[] = [];
  /** By what it signs tokens, and in whose name. */
  readonly issuers = new Map<Scope, { url: string; key: SigningKey; longestSeconds: number }>();

  /** Of a channel's ring, what a Node is told: built at each question. Whoever is no member holds nothing. */
  readonly channels = new Map<Scope, { epoch: () => number; keysFor: (nodeId: string) => ChannelKey[] }>();
  /** In place of the event id that was asked for. */
  otherEventId: string | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly rings: TestRings,
  ) {}

  listen(): () => void {
    const callback = (_: unknown, message: Msg): void => void this.answer(message);
    const subscription = this.connection.subscribe(subjects.scopeSigner('*', '*'), { callback });
    return () => subscription.unsubscribe();
  }

  private async answer(message: Msg): Promise<void> {
    const verb = message.subject.split('.').at(-1) ?? '';
    try {
      const refusal = this.refusals.shift();
      if (refusal !== undefined) throw refusal;
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
      case 'sign-envelope':
        return this.envelope(message.json<SignEnvelope>());
      case 'sign-batch':
        return this.batch(message.json<SignBatch>());
      case 'announce':
        return this.announcement(message.json<Announce>());
      case 'announce-channel':
        return this.channelKeys(message.json<AnnounceChannel>());
      case 'sign-ready':
        return this.readies(message.json<SignReady>());
      case 'sign-bundle':
        return this.bundle(message.json<SignBundle>());
      case 'sign-jwt':
        return this.token(message.json<SignJwt>());
      default:
        throw problem('internal');
    }
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

  private batch({ envelopes, ...request }: SignBatch): SignBatchReply {
    const { keyId } = this.at(request.scope, request.epoch).active;
    const sealed = envelopes.map(({ payload, ...own }) => this.sealed({ ...request, ...own }, keyId, payload).envelope);
    return { envelopes: sealed, key_id: keyId };
  }

  private announcement(request: Announce): EnvelopeReply {
    const ring = this.at(request.scope, request.epoch);
    if (this.unopened.has(request.key_id)) throw problem('keyUnavailable');
    if (request.event_type === 'signing_key_rotated')
      return this.sealed(request, request.key_id, JSON.stringify(ring.rotatedPayload()));
    const { epoch, transition_expires, statement } = this.rings.of(PLATFORM).rotatedPayload();
    return this.sealed(request, request.key_id, JSON.stringify({ epoch, transition_expires, statement }));
  }

  private channelKeys({ scope, node_id, epoch, ...request }: AnnounceChannel): AnnounceChannelReply {
    const direction = channelDirection(scope);
    const ring = this.channels.get(scope);
    if (direction === undefined) throw problem('invariantViolation', { field: 'scope' });
    if (!isEventIdOf(node_id, request.event_id)) throw problem('invariantViolation', { field: 'event_id' });
    if (ring === undefined) throw problem('noLease');
    const { keyId } = this.at(PLATFORM, epoch).active;
    const payload: ChannelKeysChanged = {
      ...{ scope, epoch: ring.epoch(), node_id, side: direction.to },
      keys: ring.keysFor(node_id),
    };
    const event = { ...request, scope: PLATFORM, event_type: CHANNEL_KEYS_CHANGED };
    const named = { ...event, event_id: this.otherEventId ?? event.event_id };
    return { ...this.sealed(named, keyId, JSON.stringify(payload)), ring_epoch: ring.epoch() };
  }

  private async bundle(request: SignBundle): Promise<SignBundleReply> {
    this.at(request.scope, request.epoch);
    this.at(PLATFORM, request.platform_epoch);
    return { bundle: await this.rings.bundle(request.scope, new Date()) };
  }

  private async token({ scope, token_scope, ttl_seconds, ...asked }: SignJwt): Promise<SignJwtReply> {
    const issuer = this.issuers.get(scope);
    if (issuer === undefined) throw problem('noLease');
    const { url: iss, key, longestSeconds } = issuer;
    if (ttl_seconds > longestSeconds) {
      throw problem('invariantViolation', { field: 'ttl_seconds', longest_token_seconds: longestSeconds });
    }
    const { sub, aud, client_id, jti } = asked;
    const iat = Math.floor(Date.now() / 1_000);
    const exp = iat + ttl_seconds;
    const members = { iss, sub, aud, client_id, exp, iat, jti, ...(token_scope !== '' && { scope: token_scope }) };
    const token = await signAccessToken(members, key);
    return { token, key_id: key.keyId, expires_at: new Date(exp * 1_000).toISOString() };
  }

  private at(scope: Scope, epoch: number): TestRing {
    const ring = this.rings.of(scope);
    if (ring.epoch !== epoch) throw problem('epochMismatch', { epoch: ring.epoch });
    return ring;
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
