import { Injectable } from '@nestjs/common';
import type { LeaseHolder } from '@plexsphere/lease-holder';
import type { RingView } from '@plexsphere/wire';
import { KeySet } from './key-set';

/** A gateway as a holder of leases: what it serves of a ring from memory is its key set, and nobody asks it on the bus. */
@Injectable()
export class KeySetHolder implements LeaseHolder<KeySet> {
  readonly kind = 'gateway';
  /** From the database, then. */
  readonly goesOnWithout = true;
  readonly hears = {};

  async load({ scope, keys }: RingView): Promise<KeySet> {
    return new KeySet(scope, keys);
  }

  taken(): void {}
}
