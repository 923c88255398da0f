import type { Logger, ThrottledLog } from '@plexsphere/service-kit';
import type { RingView, Scope } from '@plexsphere/wire';
import { NotLoadable, type LeaseHolder } from './holder';
import type { LeaseTable } from './lease-table';

/** Brings the rings that rotation has shown to where this process works by them. */
export class RingLoading {
  /** The epoch that is being loaded. */
  private readonly epochs = new Map<Scope, number>();

  constructor(
    private readonly holder: LeaseHolder<unknown>,
    private readonly table: LeaseTable,
    private readonly logger: Logger,
    private readonly log: ThrottledLog,
    private readonly confirm: () => void,
  ) {}

  get isIdle(): boolean {
    return this.epochs.size === 0;
  }

  /** What is being loaded already is not loaded twice. */
  async load(view: RingView): Promise<void> {
    const { scope, epoch } = view;
    if (this.epochs.get(scope) === epoch) return;
    this.epochs.set(scope, epoch);
    try {
      const loaded = await this.holder.load(view, this.table.ring(scope)?.loaded);
      if (this.table.take(view, loaded)) this.taken(view);
    } catch (error) {
      this.table.notLoaded(view);
      this.tellNotLoadable(view, error);
    } finally {
      if (this.epochs.get(scope) === epoch) this.epochs.delete(scope);
    }
  }

  /** Confirms the switch at once: rotation waits for it. */
  private taken(view: RingView): void {
    const { scope, epoch, keys } = view;
    const kid = keys.find(({ state }) => state === 'active')?.key_id;
    this.logger.info({ scope, epoch, kid }, 'ring taken');
    this.holder.taken(view);
    this.confirm();
  }

  private tellNotLoadable({ scope, epoch }: RingView, error: unknown): void {
    const { keyId: kid, reason, cause: err } = asNotLoadable(error);
    // It is tried again at each renewal.
    this.log.error({ scope, kid, epoch, reason, err }, 'ring not taken', `${scope} ${epoch} ${kid} ${reason}`);
  }
}

const asNotLoadable = (error: unknown): NotLoadable =>
  error instanceof NotLoadable ? error : new NotLoadable(undefined, 'internal', { cause: error });
