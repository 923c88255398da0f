import { createHash } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { SIGNING_DURATION_MS, isKeyId, problem } from '@plexsphere/wire';
import type { Sign, SignReply, Verify, VerifyReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { requireSigns } from '../rings/require-signs';
import { writeAudit } from '../transactions/write-audit';

/** Signatures of a person's own payload: made, and verified. Nobody is handed one that the audit log does not know of. */
@Controller()
export class SignatureController {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
  ) {}

  /** @throws Problem as `requireSigns`, `Signers.ask`; noAnswer */
  @Handles('signing.sign')
  async sign(request: Sign, { identity }: Pick<Asked, 'identity'>): Promise<SignReply> {
    requireSigns(request.scope, 'data');
    const endsAt = performance.now() + SIGNING_DURATION_MS;
    const reply = await this.signers.ask<SignReply>(request.scope, 'sign-jws', request, isSigned);
    await writeAudit(this.database.manager, identity, {
      scope: request.scope,
      detail: { key_id: reply.key_id, epoch: reply.epoch, payload_sha256: payloadHash(reply.jws) },
    });
    // A slow database must not hand out what a rotation has made an old key's signature meanwhile.
    if (performance.now() >= endsAt) throw problem('noAnswer');
    return reply;
  }

  /** @throws Problem as `requireSigns`, `Signers.ask` */
  @Handles('signing.verify')
  async verify(request: Verify): Promise<VerifyReply> {
    requireSigns(request.scope, 'data', 'token');
    return this.signers.ask<VerifyReply>(request.scope, 'verify', request, isVerdict);
  }
}

const isSigned = ({ jws, key_id, epoch }: Partial<SignReply>): boolean =>
  typeof jws === 'string' && isKeyId(key_id) && Number.isSafeInteger(epoch);

const isVerdict = ({ valid }: Partial<VerifyReply>): boolean => typeof valid === 'boolean';

/** Of the very bytes that were signed, so that the row is found by the JWS. The payload itself stands nowhere. */
const payloadHash = (jws: string): string =>
  createHash('sha256')
    .update(Buffer.from(jws.split('.')[1] ?? '', 'base64url'))
    .digest('hex');
