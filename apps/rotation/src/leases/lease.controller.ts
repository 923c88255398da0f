import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { isScope, problem, subjects } from '@plexsphere/wire';
import { RenewLease, type RenewLeaseReply } from '@plexsphere/wire/commands';
import { LeaseBook } from './lease-book';

@Controller()
export class LeaseController {
  constructor(private readonly leases: LeaseBook) {}

  @MessagePattern(subjects.renewLease)
  async renew(@Payload(validated(RenewLease)) request: RenewLease): Promise<RenewLeaseReply | object> {
    const malformed = Object.entries(request.epochs).some(
      ([scope, epoch]) => !isScope(scope) || !Number.isSafeInteger(epoch),
    );
    if (malformed) throw problem('invariantViolation', { field: 'epochs' });
    if (request.release !== true) return this.leases.renew(request);
    await this.leases.release(request.holder);
    return {};
  }
}
