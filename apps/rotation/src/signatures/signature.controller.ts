import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import { Sign, Verify, type SignReply, type VerifyReply } from '@plexsphere/wire/commands';
import { Signers } from '../leases/signers';
import { Asking, Needs, OperatorGuard } from '../operators/operator.guard';
import { identify } from '../operators/request-identity';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { SignData } from './sign-data';

/** Signatures of a person's own payload: made, and verified. */
@Controller()
@UseGuards(OperatorGuard)
export class SignatureController {
  constructor(
    private readonly signData: SignData,
    private readonly signers: Signers,
    private readonly config: RotationConfig,
  ) {}

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
