import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { BusContext, validated } from '@plexsphere/service-kit';
import { LEASE_KINDS, isHolder, problem, subjects, type LeaseKind } from '@plexsphere/wire';
import { RenewLease, type RenewLeaseReply } from '@plexsphere/wire/commands';
import { LeaseBook, type LeaseHolder } from './lease-book';

/** The tokens of the subject: rotation, renew-lease, kind, holder. */
const KIND = 2;
const HOLDER = 3;

@Controller()
export class LeaseController {
  constructor(private readonly leases: LeaseBook) {}

  @MessagePattern(subjects.renewLease('*', '*'))
  async renew(
    @Payload(validated(RenewLease)) request: RenewLease,
    @Ctx() context: BusContext,
  ): Promise<RenewLeaseReply | object> {
    const asking = askingOf(context);
    if (request.release !== true) return this.leases.renew(asking, request);
    await this.leases.release(asking, request);
    return {};
  }
}

/** The server vouches for the kind; the name is the holder's own choice, and what it proves is that it drew it. */
function askingOf(context: BusContext): LeaseHolder {
  const kind = context.token(KIND);
  const holder = context.token(HOLDER);
  if (!isLeaseKind(kind)) throw problem('invariantViolation', { field: 'kind' });
  if (!isHolder(holder)) throw problem('invariantViolation', { field: 'holder' });
  return { kind, holder };
}

const isLeaseKind = (text: string): text is LeaseKind => LEASE_KINDS.some((kind) => kind === text);
