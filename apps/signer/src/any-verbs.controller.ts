import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { BusJwtError, issueUser, signAccount } from '@plexsphere/bus-jwt';
import { DatabaseClock } from '@plexsphere/lease-holder';
import { validated } from '@plexsphere/service-kit';
import { CLOCK_SKEW_MS, isUuid, parseRevocationLines, problem, subjects, type BusUser } from '@plexsphere/wire';
import {
  DestroyKey,
  DestroyRing,
  ForgetAhead,
  ForgetKey,
  IssueBusCredential,
  SignBusAccount,
  type BusJwtReply,
} from '@plexsphere/wire/commands';
import { KeyMaker } from './keys/key-maker';
import { Material } from './keys/material';

/** What signs for no scope, so needs no lease, but a clock that is right: the bus lets rotation alone ask. */
@Controller()
export class AnyVerbsController {
  constructor(
    private readonly material: Material,
    private readonly keys: KeyMaker,
    private readonly clock: DatabaseClock,
  ) {}

  @MessagePattern(subjects.anySigner('destroy-key'), { joined: true })
  async destroyKey(@Payload(validated(DestroyKey)) request: DestroyKey): Promise<{ destroyed: true }> {
    await this.keys.destroy(request.scope, request.key_id);
    return { destroyed: true };
  }

  @MessagePattern(subjects.anySigner('destroy-ring'), { joined: true })
  async destroyRing(@Payload(validated(DestroyRing)) { scope }: DestroyRing): Promise<{ destroyed: true }> {
    await this.keys.destroyAll(scope);
    return { destroyed: true };
  }

  @MessagePattern(subjects.anySigner('forget-key'), { joined: true })
  async forgetKey(@Payload(validated(ForgetKey)) request: ForgetKey): Promise<{ forgotten: true }> {
    await this.keys.forgetPrepared(request.scope, request.key_id, new Date(request.prepared_before));
    return { forgotten: true };
  }

  @MessagePattern(subjects.anySigner('forget-ahead'), { joined: true })
  async forgetAhead(@Payload(validated(ForgetAhead)) request: ForgetAhead): Promise<{ forgotten: true }> {
    const { scope, kept, introduced = null, prepared_before } = request;
    await this.keys.forgetAhead({ scope, kept, introduced, before: new Date(prepared_before) });
    return { forgotten: true };
  }

  @MessagePattern(subjects.anySigner('issue-bus-credential'), { joined: true })
  async issueBusCredential(@Payload(validated(IssueBusCredential)) request: IssueBusCredential): Promise<BusJwtReply> {
    const { name, public_key: publicKey, expires_at: expiresAt, issued_at: issuedAt } = request;
    const user = userOf(request);
    // A revocation stands over what was issued before it: who has stolen the right to ask leaves with no credential that
    // all those of a year to come would pass over.
    if (issuedAt !== undefined && issuedAt * 1_000 - this.clock.now().getTime() > CLOCK_SKEW_MS) {
      throw problem('invariantViolation', { field: 'issued_at' });
    }
    const { seed: accountSeed } = await this.material.busKey('account');
    return { jwt: refusingKeys(() => issueUser({ accountSeed, user, name, publicKey, issuedAt, expiresAt })) };
  }

  @MessagePattern(subjects.anySigner('sign-bus-account'), { joined: true })
  async signBusAccount(@Payload(validated(SignBusAccount)) { revocations }: SignBusAccount): Promise<BusJwtReply> {
    const [operator, account] = await Promise.all([this.material.busKey('operator'), this.material.busKey('account')]);
    const fields = { operatorSeed: operator.seed, accountPublicKey: account.publicKey };
    return { jwt: refusingKeys(() => signAccount({ ...fields, revocations: parseRevocationLines(revocations) })) };
  }
}

function userOf({ kind, id, has_node_key: hasNodeKey }: IssueBusCredential): BusUser {
  // Subjects know one spelling only; a credential for another would be good for nothing.
  if (!isUuid(id)) throw problem('invariantViolation', { field: 'id' });
  if (kind === 'node') return { kind, id, hasNodeKey };
  if (hasNodeKey !== undefined) throw problem('invariantViolation', { field: 'has_node_key' });
  return { kind, id };
}

/** The one thing in these requests that can be malformed beyond what validation sees is a public key. */
function refusingKeys(make: () => string): string {
  try {
    return make();
  } catch (error) {
    const malformed = error instanceof BusJwtError && error.code === 'bad_public_key';
    throw malformed ? problem('invariantViolation', { field: 'public_key' }) : error;
  }
}
