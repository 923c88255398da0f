import { Controller, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { subjects } from '@plexsphere/wire';
import { DatabaseClock } from './database-clock';
import { HeldScopes } from './held-scopes';
import { LEASE_HOLDER, type LeaseHolder } from './holder';
import { LeaseGuard } from './lease-guard';
import { LeaseKeeper } from './lease-keeper';
import { LeaseTable } from './lease-table';

@Controller()
class RingChangeController {
  constructor(private readonly keeper: LeaseKeeper) {}

  /** Whatever it says, the answer to a renewal is the truth; so the event's own words are not read. */
  @EventPattern(subjects.ringChanged)
  ringChanged(): void {
    this.keeper.renew();
  }
}

/** For the module of a process that holds leases, beside what `holder` itself needs. */
export const leaseHolding = (
  holder: Type<LeaseHolder<unknown>>,
): { providers: Provider[]; controllers: NonNullable<DynamicModule['controllers']> } => ({
  providers: [
    { provide: LEASE_HOLDER, useClass: holder },
    { provide: LeaseTable, useValue: new LeaseTable() },
    DatabaseClock,
    HeldScopes,
    LeaseKeeper,
    LeaseGuard,
  ],
  controllers: [RingChangeController],
});
