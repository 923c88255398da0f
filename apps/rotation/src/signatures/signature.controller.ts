import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { problem, subjects } from '@plexsphere/wire';
import {
  Close,
  OfScope,
  Rotate,
  Sign,
  Verify,
  type CloseReply,
  type JwksReply,
  type RingReply,
  type RotateReply,
  type SignReply,
  type VerifyReply,
} from '@plexsphere/wire/commands';
import { jwks } from '@plexsphere/wire/jws';
import { Signers } from '../leases/signers';
import { identify } from '../operators/request-identity';
import { Asking, Needs, OperatorGuard, suffices } from '../operators/operator.guard';
import { RingReader } from '../rings/ring-reader';
import { requireAccepted } from '../rings/scope-profile';
import { RotationConfig } from '../rotation-config';
import { CloseRotation } from '../rotations/close-rotation';
import { OpenRotation } from '../rotations/open-rotation';
import { SignData } from './sign-data';

@Controller()
@UseGuards(OperatorGuard)
export class SigningController {
  constructor(
    private readonly openRotation: OpenRotation,
    private readonly closeRotation: CloseRotation,
    private readonly signData: SignData,
    private readonly rings: RingReader,
    private readonly signers: Signers,
    private readonly config: RotationConfig,
  ) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'signing.rotate'))
  rotate(@Payload(validated(Rotate)) request: Rotate, @Asking() operator: OperatorEntity): Promise<RotateReply> {
    requireAccepted(request.scope, this.config);
    return this.openRotation.open(request, identify('signing.rotate', request, operator));
  }

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'signing.close'))
  close(@Payload(validated(Close)) request: Close, @Asking() operator: OperatorEntity): Promise<CloseReply> {
    requireAccepted(request.scope, this.config);
    // To leave Nodes behind is an admin's decision.
    if (request.force === true && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    return this.closeRotation.close(request, identify('signing.close', request, operator));
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.jwks'))
  async jwks(@Payload(validated(OfScope)) { scope }: OfScope): Promise<JwksReply> {
    return jwks((await this.rings.view(scope)).keys);
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.ring'))
  ring(@Payload(validated(OfScope)) { scope }: OfScope): Promise<RingReply> {
    return this.rings.view(scope);
  }

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'signing.sign'))
  sign(@Payload(validated(Sign)) request: Sign, @Asking() operator: OperatorEntity): Promise<SignReply> {
    requireAccepted(request.scope, this.config);
    return this.signData.sign(request, identify('signing.sign', {}, operator));
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.verify'))
  verify(@Payload(validated(Verify)) request: Verify): Promise<VerifyReply> {
    requireAccepted(request.scope, this.config);
    return this.signers.ask(request.scope, 'verify', request);
  }
}
