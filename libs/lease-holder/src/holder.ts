import { randomBytes } from 'node:crypto';
import type { LeaseKind, RingView, Scope } from '@plexsphere/wire';

/** A ring that this process works by: as rotation showed it, and what was loaded for it. */
export interface TakenRing<Loaded> {
  readonly view: RingView;
  readonly loaded: Loaded;
}

/** Provides the `LeaseHolder` that a process is. */
export const LEASE_HOLDER = Symbol('LeaseHolder');

/** What a process does with the rings that rotation grants it. */
export interface LeaseHolder<Loaded> {
  readonly kind: LeaseKind;
  /** It does its work without a lease, too, only dearer: nobody need wait for rotation to have answered it. */
  readonly goesOnWithout?: boolean;
  /** Subjects that are heard as long as something stands; what is left out is not heard. */
  readonly hears: {
    /** As long as the process goes by that name. */
    ofHolder?: (holder: string) => string;
    /** As long as a lease of the scope does. */
    ofScope?: (scope: Scope) => string;
    /** As long as this process' clock is right. */
    withRightClock?: string;
  };

  /**
   * What it takes to work by `ring`; `held` is what was loaded for the ring before. The ring is claimed only after it.
   * @throws NotLoadable: it is tried again at each renewal
   */
  load(ring: RingView, held: Loaded | undefined): Promise<Loaded>;

  /** By `ring` from now on, and by no earlier one of its scope: what was kept for those, or waited for this, can go. */
  taken(ring: RingView): void;
}

/** Why a ring, or a key of it, cannot be loaded, for the log; names no secret. */
export class NotLoadable extends Error {
  override readonly name = 'NotLoadable';

  constructor(
    readonly keyId: string | undefined,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** Who asks for leases. Each process draws its own: what a predecessor was granted is nothing to this one. */
export interface HolderIdentity {
  readonly holder: string;
  /** Proves that a row in rotation's table is ours. Goes to rotation alone, and never to a log. */
  readonly secret: string;
}

export const drawIdentity = (kind: LeaseKind): HolderIdentity => ({
  holder: `${kind}-${randomBytes(4).toString('hex')}`,
  secret: randomBytes(32).toString('base64url'),
});
