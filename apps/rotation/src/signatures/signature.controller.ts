import { Controller } from '@nestjs/common';
import type { Sign, SignReply, Verify, VerifyReply } from '@plexsphere/wire/commands';
import { Signers } from '../leases/signers';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { SignData } from './sign-data';

/** Signatures of a person's own payload: made, and verified. */
@Controller()
export class SignatureController {
  constructor(
    private readonly signData: SignData,
    private readonly signers: Signers,
  ) {}

  @Handles('signing.sign')
  sign(request: Sign, { identity }: Asked): Promise<SignReply> {
    return this.signData.sign(request, identity);
  }

  @Handles('signing.verify')
  verify(request: Verify): Promise<VerifyReply> {
    return this.signers.ask(request.scope, 'verify', request);
  }
}
