import type { LeaseKind } from '@plexsphere/wire';

/** One request of a lease holder, or of somebody who says that they are one. */
export interface LeaseClaim {
  kind: LeaseKind;
  holder: string;
  secret: string;
  turn: number;
  /** scope → epoch. */
  epochs: Readonly<Record<string, number>>;
  release?: boolean;
}

export interface LeaseRow {
  kind: LeaseClaim['kind'];
  secret: string;
  turn: number;
  epochs: Record<string, number>;
  released: boolean;
}

/** What became of a claim: refused, too old, or the epochs that stand in the row now. */
export type Entered = 'of another' | 'held up' | Record<string, number>;

/**
 * The table of leases as it is meant to be, in memory. Rotation's real one is compared with it, and signers' real tables
 * run against it through time; writing the row and reading the rings are two steps, so that anything can come between.
 */
export class LeaseRows {
  readonly rows = new Map<string, LeaseRow>();
  /** Each scope's present epoch. */
  readonly rings = new Map<string, number>();

  /** First step: the row is committed. */
  enter(claim: LeaseClaim): Entered {
    const { kind, holder, secret, turn } = claim;
    const present = this.rows.get(holder);
    if (present !== undefined && (present.kind !== kind || present.secret !== secret)) return 'of another';
    if (present !== undefined && present.turn >= turn) return 'held up';
    const released = claim.release === true;
    const epochs = released ? {} : this.notBeyond(claim.epochs);
    this.rows.set(holder, { kind, secret, turn, epochs, released });
    return epochs;
  }

  /** Second step: the scopes that are granted, by the rings as they are by now. */
  granted(entered: Entered): string[] {
    if (typeof entered === 'string') return [];
    return Object.keys(entered).filter((scope) => entered[scope] === this.rings.get(scope));
  }

  holdersBefore(scope: string, epoch: number): string[] {
    return [...this.rows].filter(([, { epochs }]) => (epochs[scope] ?? epoch) < epoch).map(([holder]) => holder);
  }

  /** A number beyond the ring's epoch is no epoch of the row. */
  private notBeyond(epochs: LeaseClaim['epochs']): Record<string, number> {
    return Object.fromEntries(Object.entries(epochs).filter(([scope, epoch]) => epoch <= (this.rings.get(scope) ?? 0)));
  }
}
