import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SIGNING_DURATION_MS, problem } from '@plexsphere/wire';
import type { Sign, SignReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';

/** Has a person's own payload signed; nobody is handed a signature that the audit log does not know of. */
@Injectable()
export class SignData {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
  ) {}

  /** @throws Problem as `Signers.ask`; noAnswer */
  async sign(request: Sign, identity: RequestIdentity): Promise<SignReply> {
    const endsAt = performance.now() + SIGNING_DURATION_MS;
    const reply = await this.signers.ask<SignReply>(request.scope, 'sign-jws', request);
    await writeAudit(this.database.manager, identity, {
      scope: request.scope,
      detail: { key_id: reply.key_id, epoch: reply.epoch, payload_sha256: payloadHash(reply.jws) },
    });
    // A slow database must not hand out what a rotation has made an old key's signature meanwhile.
    if (performance.now() >= endsAt) throw problem('noAnswer');
    return reply;
  }
}

/** Of the very bytes that were signed, so that the row is found by the JWS. The payload itself stands nowhere. */
const payloadHash = (jws: string): string =>
  createHash('sha256')
    .update(Buffer.from(jws.split('.')[1] ?? '', 'base64url'))
    .digest('hex');
