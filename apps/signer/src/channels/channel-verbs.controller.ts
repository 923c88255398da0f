import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DatabaseClock, LeaseGuard } from '@plexsphere/lease-holder';
import { validated } from '@plexsphere/service-kit';
import { CHANNEL_KEYS_CHANGED, PLATFORM, isEventIdOf, problem, subjects, type Scope } from '@plexsphere/wire';
import {
  AnnounceChannel,
  CheckProofs,
  type AnnounceChannelReply,
  type CheckProofsReply,
} from '@plexsphere/wire/commands';
import { sealEnvelope } from '../sign/envelope';
import { activeKey, isOfMembers, signingKey, type PrivateKeys } from '../sign/signing-ring';
import { checkedProofs } from './check-proofs';
import { keysChangedFor } from './keys-changed';

/** Secrets that members share: no text is signed by one here, and none leaves but sealed to a member of its ring. */
@Controller()
export class ChannelVerbsController {
  constructor(
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly clock: DatabaseClock,
  ) {}

  /** Of whichever ring this process holds: whoever asks knows its epoch no better, and learns it from the answer. */
  @MessagePattern(subjects.scopeSigner('*', 'announce-channel'), { joined: true })
  announceChannel(@Payload(validated(AnnounceChannel)) request: AnnounceChannel): Promise<AnnounceChannelReply> {
    const { scope, epoch, node_id, event_id: eventId, issued_at: issuedAt, nonce, duration_ms } = request;
    requireChannel(scope);
    // So that no other Node takes it: none but the one that it names opens what is in it.
    if (!isEventIdOf(node_id, eventId)) throw problem('invariantViolation', { field: 'event_id' });
    return this.guard.under([{ scope }, { scope: PLATFORM, epoch }], duration_ms, async (ring, platform) => {
      const payload = JSON.stringify(keysChangedFor(ring, node_id, this.clock.now()));
      const key = signingKey(platform, activeKey(platform.view), 'envelope');
      const fields = { eventType: CHANNEL_KEYS_CHANGED, eventId, issuedAt, nonce, payload };
      const sealed = await sealEnvelope(PLATFORM, key, fields, this.clock.now());
      return { ...sealed, ring_epoch: ring.view.epoch };
    });
  }

  @MessagePattern(subjects.scopeSigner('*', 'check-proofs'), { joined: true })
  checkProofs(@Payload(validated(CheckProofs)) request: CheckProofs): Promise<CheckProofsReply> {
    const { scope, proofs, duration_ms } = request;
    requireChannel(scope);
    return this.guard.under([{ scope }], duration_ms, (ring) => checkedProofs(ring, proofs));
  }
}

function requireChannel(scope: Scope): void {
  if (!isOfMembers({ scope })) throw problem('invariantViolation', { field: 'scope' });
}
