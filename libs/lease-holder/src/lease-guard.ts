import { Injectable } from '@nestjs/common';
import { Problem, type Scope } from '@plexsphere/wire';
import { readClocks } from './database-clock';
import type { TakenRing } from './holder';
import { LeaseKeeper } from './lease-keeper';
import { LeaseTable } from './lease-table';

/** A ring to work by, at that epoch; without one, at whichever this process holds. */
interface Need {
  scope: Scope;
  epoch?: number | undefined;
}

type Rings<Needs extends readonly Need[], Loaded> = { [Index in keyof Needs]: TakenRing<Loaded> };

/** How long a request waits here for a switch that is under way. No longer: the caller then asks another holder. */
const CATCH_UP_MS = 250;

/** Whatever rests on a ring, each signature first of all, is made inside this guard. */
@Injectable()
export class LeaseGuard<Loaded = unknown> {
  constructor(
    private readonly table: LeaseTable<Loaded>,
    private readonly keeper: LeaseKeeper,
  ) {}

  /**
   * Makes a reply by the rings that are needed, if their leases outlive `durationMs` from before it was made and from
   * after: a pause may have fallen between, and a ring may have changed. What was made then is dropped.
   * @throws Problem epochMismatch with the own `epoch`, noLease, and what `make` throws
   */
  async under<const Needs extends readonly Need[], Reply>(
    needs: Needs,
    durationMs: number,
    make: (...rings: Rings<Needs, Loaded>) => Reply | Promise<Reply>,
  ): Promise<Reply> {
    return this.atOnceUnder(needs, durationMs, make);
  }

  /** The same, and at once where neither a ring has to be waited for nor what `make` makes. */
  atOnceUnder<const Needs extends readonly Need[], Reply>(
    needs: Needs,
    durationMs: number,
    make: (...rings: Rings<Needs, Loaded>) => Reply | Promise<Reply>,
  ): Reply | Promise<Reply> {
    const makeBy = (rings: TakenRing<Loaded>[]): Reply | Promise<Reply> => {
      const reply = make(...(rings as Rings<Needs, Loaded>));
      const stillPermitted = (made: Reply): Reply => {
        for (const { view } of rings) this.table.permit(view, durationMs, readClocks());
        return made;
      };
      return reply instanceof Promise ? reply.then(stillPermitted) : stillPermitted(reply);
    };
    const rings = this.permits(needs, durationMs);
    return rings instanceof Promise ? rings.then(makeBy) : makeBy(rings);
  }

  private permits(needs: readonly Need[], durationMs: number): TakenRing<Loaded>[] | Promise<TakenRing<Loaded>[]> {
    const permits = () => needs.map((need) => this.table.permit(need, durationMs, readClocks()));
    try {
      return permits();
    } catch (error) {
      if (this.isAhead(error, needs)) this.keeper.renew();
      else if (!(error instanceof Problem) || !error.is('noLease')) throw error;
      // Waiting is safe: the lease is looked at again, from then on.
      return this.keeper.settled(Math.min(CATCH_UP_MS, durationMs)).then(permits);
    }
  }

  /** The caller knows a later ring than this process: the event that told of it is late or lost. */
  private isAhead(error: unknown, needs: readonly Need[]): boolean {
    if (!(error instanceof Problem) || !error.is('epochMismatch')) return false;
    return needs.some(({ scope, epoch }) => (epoch ?? 0) > (this.table.ring(scope)?.view.epoch ?? Infinity));
  }
}
