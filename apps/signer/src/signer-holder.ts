import { Injectable } from '@nestjs/common';
import type { LeaseHolder } from '@plexsphere/lease-holder';
import { subjects, type RingView, type Scope } from '@plexsphere/wire';
import { KeyLoader } from './keys/key-loader';
import type { PrivateKeys } from './sign/signing-ring';

/** A signer as a holder of leases: what it loads of a ring is its private keys, and it signs for who asks on the bus. */
@Injectable()
export class SignerHolder implements LeaseHolder<PrivateKeys> {
  readonly kind = 'signer';
  readonly hears = {
    ofHolder: (holder: string): string => subjects.thatSigner(holder, 'load-key'),
    ofScope: (scope: Scope): string => subjects.scopeSigner(scope, '*'),
    // What signs for no scope. Credentials carry the time of their making, so it takes a clock that is right.
    withRightClock: subjects.anySigner('*'),
  };

  constructor(private readonly keys: KeyLoader) {}

  load(ring: RingView, held: PrivateKeys | undefined): Promise<PrivateKeys> {
    return this.keys.loadRing(ring, held ?? new Map());
  }

  taken({ scope, keys }: RingView): void {
    for (const { key_id } of keys) this.keys.forgetPrepared(scope, key_id);
  }
}
