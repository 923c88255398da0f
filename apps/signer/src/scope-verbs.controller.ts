import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { LeaseGuard, LeaseKeeper } from '@plexsphere/lease-holder';
import { validated } from '@plexsphere/service-kit';
import { PLATFORM, problem, subjects, type RingView } from '@plexsphere/wire';
import { SignBundle, VerifyJws, type SignBundleReply, type VerifyReply } from '@plexsphere/wire/commands';
import { JwsError, signBundle, verifyAccessToken, verifyData } from '@plexsphere/wire/jws';
import { trustBundle } from './sign/bundle';
import { activeKey, policyOf, signingKey, verifyingKeys, type PrivateKeys } from './sign/signing-ring';

/** What a ring vouches for and is asked now and then. Heard only while the lease of the subject's scope is held. */
@Controller()
export class ScopeVerbsController {
  constructor(
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly keeper: LeaseKeeper,
  ) {}

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
