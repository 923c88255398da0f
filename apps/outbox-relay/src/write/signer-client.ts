/**
 * Asks the signers for what a Node is to be told: the relay itself can sign nothing, and what it sends is signed as it is
 * published (ADR 0007).
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import {
  PLATFORM,
  SIGNING_DURATION_MS,
  isCount,
  isEventIdOf,
  parseEnvelope,
  problem,
  subjects,
  type PlatformKeyRotated,
} from '@plexsphere/wire';
import type {
  Announce,
  AnnounceChannel,
  AnnounceChannelReply,
  EnvelopeReply,
  SignBundle,
  SignBundleReply,
} from '@plexsphere/wire/commands';
import type { ClaimedNode, OrdinaryEvent } from '../claim/claimed-node';
import { isNewsOf, type KnownRing } from './channel-news';
import { EnvelopeSigner } from './envelope-signer';
import { SharedTexts } from './shared-texts';
import type { Announcement } from '../claim/next-message';

@Injectable()
export class SignerClient {
  private readonly shared = new SharedTexts<string>(({ length }) => length);

  constructor(
    private readonly bus: Bus,
    private readonly envelopes: EnvelopeSigner,
  ) {}

  /** @throws Problem `epochMismatch` where the ring has moved, or the signer's has not yet; UNAVAILABLE, no answer. */
  envelope(node: ClaimedNode, event: OrdinaryEvent, epoch: number): Promise<string> {
    const { scope, nodeId } = node;
    const { eventId } = event;
    const sign = () => this.envelopes.sign(scope, epoch, event);
    // What names its Node is for nobody else, and is not kept.
    return isEventIdOf(nodeId, eventId) ? sign() : this.shared.of(key('event', scope, eventId, epoch), sign, nodeId);
  }

  /** @throws Problem as `envelope` */
  announcement(node: ClaimedNode, news: Announcement): Promise<string> {
    const { scope, nodeId } = node;
    const { eventType, keyId, eventId, epoch, told } = news;
    const sharedBy = key(eventType, scope, eventId, epoch, keyId, node.toldEpoch, told.platformEpoch);
    const sign = async () => {
      const request = { scope, epoch, event_type: eventType, key_id: keyId, event_id: eventId, ...freshness() };
      const text = await this.announced(request);
      if (eventType === 'platform_key_rotated') refuseOldPlatformRing(text, told.platformEpoch ?? 0);
      return text;
    };
    return this.shared.of(sharedBy, sign, nodeId);
  }

  /** A trust bundle at most a minute old. It has no nonce, so a Node may have the same one twice. @throws Problem */
  bundle(scope: string, epoch: number, platformEpoch: number): Promise<string> {
    return this.shared.of(key('bundle', scope, epoch, platformEpoch), async () => {
      const request: Untimed<SignBundle> = { scope, epoch, platform_epoch: platformEpoch };
      const subject = subjects.scopeSigner(PLATFORM, 'sign-bundle');
      const isAnswer = ({ bundle }: Partial<SignBundleReply>) => typeof bundle === 'string';
      return (await this.bus.askSigner<SignBundleReply>(subject, request, SIGNING_DURATION_MS, isAnswer)).bundle;
    });
  }

  /**
   * What a member is to hold of a channel's ring, built at each attempt and kept nowhere. `epoch`: of the ring that signs.
   * @throws Problem as `envelope`; `epochMismatch`, too, where the signer's ring is behind what the event tells of
   */
  async channelKeys(nodeId: string, eventId: string, ring: KnownRing, epoch: number): Promise<string> {
    const request = { scope: ring.scope, epoch, node_id: nodeId, event_id: eventId, ...freshness() };
    const isAnswer = ({ envelope, ring_epoch }: Partial<AnnounceChannelReply>) =>
      isCount(ring_epoch, 1) && typeof envelope === 'string' && isNewsOf(eventId, envelope);
    const subject = subjects.scopeSigner(ring.scope, 'announce-channel');
    const { envelope, ring_epoch } = await this.bus.askSigner<AnnounceChannelReply>(
      subject,
      request satisfies Untimed<AnnounceChannel>,
      SIGNING_DURATION_MS,
      isAnswer,
    );
    // A Node that is not yet a member there would be told that it holds nothing, and be taken for told.
    if (ring_epoch < ring.epoch) throw problem('epochMismatch', { epoch: ring_epoch });
    return envelope;
  }

  private async announced(request: Untimed<Announce>): Promise<string> {
    const subject = subjects.scopeSigner(request.scope, 'announce');
    const isAnswer = ({ envelope }: Partial<EnvelopeReply>) => typeof envelope === 'string';
    return (await this.bus.askSigner<EnvelopeReply>(subject, request, SIGNING_DURATION_MS, isAnswer)).envelope;
  }
}

type Untimed<Request> = Omit<Request, 'duration_ms'>;

const key = (...parts: (string | number | undefined)[]): string => parts.join(' ');

const freshness = (): { issued_at: string; nonce: string } => ({
  issued_at: new Date().toISOString(),
  nonce: randomUUID(),
});

/**
 * The request names the epoch of the Domain's ring alone. A signer whose platform ring is behind would announce a change
 * that the Node has had, and the Node would be taken for told.
 */
function refuseOldPlatformRing(envelope: string, platformEpoch: number): void {
  const payload = JSON.parse(parseEnvelope(envelope).payload) as PlatformKeyRotated;
  if (!(payload.epoch >= platformEpoch)) throw problem('epochMismatch', { epoch: payload.epoch });
}
