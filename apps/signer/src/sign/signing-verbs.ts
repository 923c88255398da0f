import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DatabaseClock, LeaseGuard } from '@plexsphere/lease-holder';
import { BusServer } from '@plexsphere/service-kit';
import { PLATFORM, problem, subjects } from '@plexsphere/wire';
import {
  Announce,
  SignBatch,
  SignEnvelope,
  SignJws,
  SignReady,
  isUsualSignEnvelope,
  type EnvelopeReply,
  type SignBatchReply,
  type SignReadyReply,
  type SignReply,
} from '@plexsphere/wire/commands';
import { MAX_JWS_LENGTH, signData, type SigningKey } from '@plexsphere/wire/jws';
import { announcementOf } from './announcement';
import { batchFields, requireOpenType } from './batch';
import { BatchSealer } from './batch-sealer';
import { sealEnvelope, sealing, type SealedFields } from './envelope';
import { readyFields } from './ready';
import { activeKey, policyOf, requireSigns, signingKey, type PrivateKeys } from './signing-ring';

/** Of what needs no waiting there is no promise, which would cost a good part of what a signature does. */
type Made<Reply> = Reply | Promise<Reply>;

/**
 * What a signer is there for, asked thousands of times a second: so it stands beside Nest's chain. Heard only while the
 * lease of the subject's scope is held.
 */
@Injectable()
export class SigningVerbs implements OnModuleInit {
  constructor(
    private readonly server: BusServer,
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly clock: DatabaseClock,
    private readonly batches: BatchSealer,
  ) {}

  onModuleInit(): void {
    const { server } = this;
    const envelopes = subjects.scopeSigner('*', 'sign-envelope');
    server.serve(envelopes, SignEnvelope, (request) => this.signEnvelope(request), isUsualSignEnvelope);
    server.serve(subjects.scopeSigner('*', 'announce'), Announce, (request) => this.announce(request));
    server.serve(subjects.scopeSigner('*', 'sign-ready'), SignReady, (request) => this.signReady(request));
    server.serve(subjects.scopeSigner('*', 'sign-batch'), SignBatch, (request) => this.signBatch(request));
    server.serve(subjects.scopeSigner('*', 'sign-jws'), SignJws, (request) => this.signJws(request));
  }

  private signEnvelope(request: SignEnvelope): Made<EnvelopeReply> {
    requireOpenType(request.event_type);
    return this.guard.atOnceUnder([request], request.duration_ms, (ring) =>
      this.seal(request, signingKey(ring, activeKey(ring.view), 'envelope'), request.payload ?? null),
    );
  }

  private announce(request: Announce): Made<EnvelopeReply> {
    requireSigns(request, 'envelope');
    const ofPlatform = request.event_type === 'platform_key_rotated';
    // The platform's own Nodes learn of its keys as any scope's Nodes do.
    if (ofPlatform && policyOf(request).tells.otherNodes !== null)
      throw problem('invariantViolation', { field: 'event_type' });
    const needs = ofPlatform ? [request, { scope: PLATFORM }] : [request];
    return this.guard.atOnceUnder(needs, request.duration_ms, (...rings) => {
      const [ring, platform = ring] = rings;
      if (ring === undefined || platform === undefined) throw problem('internal');
      const { key, payload } = announcementOf(request, ring.view, platform.view);
      return this.seal(request, signingKey(ring, key, 'envelope'), JSON.stringify(payload));
    });
  }

  private signReady(request: SignReady): Promise<SignReadyReply> {
    return this.sealAll(request, readyFields(request));
  }

  private signBatch(request: SignBatch): Promise<SignBatchReply> {
    return this.sealAll(request, batchFields(request.envelopes));
  }

  private signJws(request: SignJws): Promise<SignReply> {
    return this.guard.under([request], request.duration_ms, async (ring) => {
      const key = signingKey(ring, activeKey(ring.view), 'data');
      const jws = await signData(request.payload, key);
      // A longer one could be made here and never be verified.
      if (jws.length > MAX_JWS_LENGTH) throw problem('invariantViolation', { field: 'payload' });
      return { jws, key_id: key.keyId, epoch: ring.view.epoch };
    });
  }

  /** By the key that is active when they are begun; where the ring has moved before the last one, there is no reply. */
  private sealAll(request: SignReady | SignBatch, fields: SealedFields[]): Promise<SignBatchReply> {
    const { scope, issued_at: issuedAt, duration_ms: durationMs } = request;
    return this.guard.under([request], durationMs, async (ring) => {
      const key = signingKey(ring, activeKey(ring.view), 'envelope');
      const seal = sealing({ scope, key, issuedAt, now: this.clock.now() });
      return { envelopes: await this.batches.sealAll(fields, seal, durationMs), key_id: key.keyId };
    });
  }

  private seal(request: SignEnvelope | Announce, key: SigningKey, payload: string | null): Made<EnvelopeReply> {
    const { scope, event_type: eventType, event_id: eventId, issued_at: issuedAt, nonce } = request;
    return sealEnvelope(scope, key, { eventType, eventId, issuedAt, nonce, payload }, this.clock.now());
  }
}
