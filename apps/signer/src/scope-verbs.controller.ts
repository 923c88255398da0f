import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DatabaseClock, LeaseGuard, LeaseKeeper } from '@plexsphere/lease-holder';
import { validated } from '@plexsphere/service-kit';
import { PLATFORM, problem, subjects, type RingView } from '@plexsphere/wire';
import {
  Announce,
  SignBatch,
  SignBundle,
  SignEnvelope,
  SignJws,
  SignReady,
  VerifyJws,
  type EnvelopeReply,
  type SignBatchReply,
  type SignBundleReply,
  type SignReadyReply,
  type SignReply,
  type VerifyReply,
} from '@plexsphere/wire/commands';
import {
  JwsError,
  MAX_JWS_LENGTH,
  signBundle,
  signData,
  verifyAccessToken,
  verifyData,
  type SigningKey,
} from '@plexsphere/wire/jws';
import { announcementOf } from './sign/announcement';
import { trustBundle } from './sign/bundle';
import { BatchSealer } from './sign/batch-sealer';
import { batchFields, requireOpenType } from './sign/batch';
import { sealEnvelope, sealing, type SealedFields } from './sign/envelope';
import { readyFields } from './sign/ready';
import { activeKey, policyOf, requireSigns, signingKey, verifyingKeys, type PrivateKeys } from './sign/signing-ring';

/** Everything that a ring's key signs. Heard only while the lease of the subject's scope is held. */
@Controller()
export class ScopeVerbsController {
  constructor(
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly keeper: LeaseKeeper,
    private readonly clock: DatabaseClock,
    private readonly batches: BatchSealer,
  ) {}

  @MessagePattern(subjects.scopeSigner('*', 'sign-envelope'), { joined: true })
  signEnvelope(@Payload(validated(SignEnvelope)) request: SignEnvelope): Promise<EnvelopeReply> {
    requireOpenType(request.event_type);
    return this.guard.under([request], request.duration_ms, (ring) =>
      this.seal(request, signingKey(ring, activeKey(ring.view), 'envelope'), request.payload ?? null),
    );
  }

  @MessagePattern(subjects.scopeSigner('*', 'announce'), { joined: true })
  announce(@Payload(validated(Announce)) request: Announce): Promise<EnvelopeReply> {
    requireSigns(request, 'envelope');
    const ofPlatform = request.event_type === 'platform_key_rotated';
    // The platform's own Nodes learn of its keys as any scope's Nodes do.
    if (ofPlatform && policyOf(request).tells.otherNodes !== null)
      throw problem('invariantViolation', { field: 'event_type' });
    const needs = ofPlatform ? [request, { scope: PLATFORM }] : [request];
    return this.guard.under(needs, request.duration_ms, (...rings) => {
      const [ring, platform = ring] = rings;
      if (ring === undefined || platform === undefined) throw problem('internal');
      const { key, payload } = announcementOf(request, ring.view, platform.view);
      return this.seal(request, signingKey(ring, key, 'envelope'), JSON.stringify(payload));
    });
  }

  @MessagePattern(subjects.scopeSigner('*', 'sign-ready'), { joined: true })
  signReady(@Payload(validated(SignReady)) request: SignReady): Promise<SignReadyReply> {
    return this.sealAll(request, readyFields(request));
  }

  @MessagePattern(subjects.scopeSigner('*', 'sign-batch'), { joined: true })
  signBatch(@Payload(validated(SignBatch)) request: SignBatch): Promise<SignBatchReply> {
    return this.sealAll(request, batchFields(request.envelopes));
  }

  @MessagePattern(subjects.scopeSigner('*', 'sign-bundle'), { joined: true })
  signBundle(@Payload(validated(SignBundle)) request: SignBundle): Promise<SignBundleReply> {
    // It says what a Node of that scope should trust, and there can be none.
    if (policyOf(request).tells.ownNodes === null) throw problem('invariantViolation', { field: 'scope' });
    const needs = [request, { scope: PLATFORM, epoch: request.platform_epoch }] as const;
    return this.guard.under(needs, request.duration_ms, async (ring, platform) => {
      const recoveryPublicKey = this.keeper.recoveryPublicKey;
      if (recoveryPublicKey === undefined) throw problem('noLease');
      const bundle = trustBundle(ring.view, platform.view, recoveryPublicKey, new Date());
      return { bundle: await signBundle(bundle, signingKey(platform, activeKey(platform.view), 'bundle')) };
    });
  }

  @MessagePattern(subjects.scopeSigner('*', 'sign-jws'), { joined: true })
  signJws(@Payload(validated(SignJws)) request: SignJws): Promise<SignReply> {
    return this.guard.under([request], request.duration_ms, async (ring) => {
      const key = signingKey(ring, activeKey(ring.view), 'data');
      const jws = await signData(request.payload, key);
      // A longer one could be made here and never be verified.
      if (jws.length > MAX_JWS_LENGTH) throw problem('invariantViolation', { field: 'payload' });
      return { jws, key_id: key.keyId, epoch: ring.view.epoch };
    });
  }

  @MessagePattern(subjects.scopeSigner('*', 'verify'), { joined: true })
  verify(@Payload(validated(VerifyJws)) request: VerifyJws): Promise<VerifyReply> {
    const { scope, jws, duration_ms } = request;
    return this.guard.under([{ scope }], duration_ms, async (ring) => {
      try {
        return { valid: true, ...(await verified(jws, ring.view, new Date())) };
      } catch (error) {
        if (error instanceof JwsError) return { valid: false };
        throw error;
      }
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

  private seal(request: SignEnvelope | Announce, key: SigningKey, payload: string | null): Promise<EnvelopeReply> {
    const { scope, event_type: eventType, event_id: eventId, issued_at: issuedAt, nonce } = request;
    return sealEnvelope(scope, key, { eventType, eventId, issuedAt, nonce, payload }, this.clock.now());
  }
}

/** What the keys of such a ring sign for others: an issuer's tokens, any other's data. @throws JwsError */
async function verified(jws: string, ring: RingView, now: Date): Promise<{ key_id: string; payload: object }> {
  const keys = verifyingKeys(ring, now);
  if (ring.issuer === null) {
    const { keyId, payload } = await verifyData(jws, keys, now);
    return { key_id: keyId, payload };
  }
  const { keyId, token } = await verifyAccessToken(jws, keys, { issuer: ring.issuer.url, now });
  return { key_id: keyId, payload: token };
}
