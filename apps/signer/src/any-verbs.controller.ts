import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { BusJwtError, issueUser, signAccount } from '@plexsphere/bus-jwt';
import { validated } from '@plexsphere/service-kit';
import { isUuid, parseRevocationLines, problem, subjects } from '@plexsphere/wire';
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
    const { kind, id, name, public_key: publicKey, expires_at: expiresAt } = request;
    // Subjects know one spelling only; a credential for another would be good for nothing.
    if (!isUuid(id)) throw problem('invariantViolation', { field: 'id' });
    const { seed: accountSeed } = await this.material.busKey('account');
    return { jwt: await refusingKeys(issueUser({ accountSeed, user: { kind, id }, name, publicKey, expiresAt })) };
  }

  @MessagePattern(subjects.anySigner('sign-bus-account'), { joined: true })
  async signBusAccount(@Payload(validated(SignBusAccount)) { revocations }: SignBusAccount): Promise<BusJwtReply> {
    const [operator, account] = await Promise.all([this.material.busKey('operator'), this.material.busKey('account')]);
    const fields = { operatorSeed: operator.seed, accountPublicKey: account.publicKey };
    return { jwt: await refusingKeys(signAccount({ ...fields, revocations: parseRevocationLines(revocations) })) };
  }
}

/** The one thing in these requests that can be malformed beyond what validation sees is a public key. */
const refusingKeys = (jwt: Promise<string>): Promise<string> =>
  jwt.catch((error: unknown) => {
    const malformed = error instanceof BusJwtError && error.code === 'bad_public_key';
    throw malformed ? problem('invariantViolation', { field: 'public_key' }) : error;
  });
