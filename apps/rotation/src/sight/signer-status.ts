import type { LeaseEntity } from '@plexsphere/store';
import type { SignerStatus } from '@plexsphere/wire/commands';

/** What the lease table is read against. */
export interface LeaseTerms {
  now: Date;
  leaseMs: number;
}

export const isLive = (lease: Pick<LeaseEntity, 'renewedAt'>, { now, leaseMs }: LeaseTerms): boolean =>
  now.getTime() - lease.renewedAt.getTime() < leaseMs;

/** The lease of one holder as it stands for one ring. */
export function signerStatus(
  lease: LeaseEntity,
  ring: { scope: string; epoch: number },
  terms: LeaseTerms,
): SignerStatus {
  const epoch = lease.epochs[ring.scope] ?? null;
  return {
    holder: lease.holder,
    state: stateOf(epoch, ring.epoch, isLive(lease, terms)),
    epoch,
    renewed_at: lease.renewedAt.toISOString(),
  };
}

/** Rotation grants the present epoch alone, so who names none, or one that the ring has not reached, has no lease. */
function stateOf(epoch: number | null, ringEpoch: number, live: boolean): SignerStatus['state'] {
  if (!live || epoch === null || epoch > ringEpoch) return 'lapsed';
  return epoch === ringEpoch ? 'confirmed' : 'behind';
}
