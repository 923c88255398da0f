import type { LeaseEntity } from '@plexsphere/store';
import type { SignerStatus } from '@plexsphere/wire/commands';

/** What the lease table is read against. */
interface LeaseTerms {
  now: Date;
  leaseMs: number;
}

export const isLive = (lease: Pick<LeaseEntity, 'renewedAt'>, { now, leaseMs }: LeaseTerms): boolean =>
  now.getTime() - lease.renewedAt.getTime() < leaseMs;

/** Whether it gives signatures at all: neither given back, nor kept from it by its clock. */
export const serves = ({ released, clockOffMs }: Pick<LeaseEntity, 'released' | 'clockOffMs'>): boolean =>
  !released && clockOffMs === null;

/** The lease of one holder as it stands for one ring. */
export function signerStatus(
  lease: LeaseEntity,
  ring: { scope: string; epoch: number },
  terms: LeaseTerms,
): SignerStatus {
  const epoch = lease.epochs[ring.scope] ?? null;
  const { clockOffMs } = lease;
  return {
    holder: lease.holder,
    state: stateOf(epoch, ring.epoch, isLive(lease, terms)),
    epoch,
    renewed_at: lease.renewedAt.toISOString(),
    ...(clockOffMs === null ? {} : { clock_off_by_seconds: Math.round(clockOffMs / 1_000) }),
    ...(lease.ahead[ring.scope] === undefined
      ? {}
      : { claimed_epoch: lease.ahead[ring.scope], refused_claims: lease.refusedClaims }),
  };
}

/** Rotation grants the present epoch alone, so who names none, or one that the ring has not reached, has no lease. */
function stateOf(epoch: number | null, ringEpoch: number, live: boolean): SignerStatus['state'] {
  if (!live || epoch === null || epoch > ringEpoch) return 'lapsed';
  return epoch === ringEpoch ? 'confirmed' : 'behind';
}
