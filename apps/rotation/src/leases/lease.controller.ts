import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { BusContext, validated } from '@plexsphere/service-kit';
import { LEASE_KINDS, isScope, problem, subjects, type LeaseKind } from '@plexsphere/wire';
import { RenewLease, type RenewLeaseReply } from '@plexsphere/wire/commands';
import { LeaseBook } from './lease-book';

/** `rotation.renew-lease.<kind>.<holder>` */
const KIND = 2;
const HOLDER = 3;

const HOLDER_NAME = /^[A-Za-z0-9_-]{1,100}$/;

@Controller()
export class LeaseController {
  constructor(private readonly leases: LeaseBook) {}

  @MessagePattern(subjects.renewLease('*', '*'))
  async renew(
    @Payload(validated(RenewLease)) request: RenewLease,
    @Ctx() context: BusContext,
  ): Promise<RenewLeaseReply | object> {
    const [kind, holder] = [context.token(KIND), context.token(HOLDER)];
    if (!isLeaseKind(kind)) throw problem('invariantViolation', { field: 'kind' });
    if (!HOLDER_NAME.test(holder)) throw problem('invariantViolation', { field: 'holder' });
    const malformed = Object.entries(request.epochs).some(
      ([scope, epoch]) => !isScope(scope) || !Number.isSafeInteger(epoch),
    );
    if (malformed) throw problem('invariantViolation', { field: 'epochs' });
    if (request.release !== true) return this.leases.renew({ ...request, kind, holder });
    await this.leases.release(holder);
    return {};
  }
}

const isLeaseKind = (text: string): text is LeaseKind => LEASE_KINDS.some((kind) => kind === text);
