import type { Logger } from '@plexsphere/service-kit';
import type { RingView, Scope } from '@plexsphere/wire';
import { NotLoadable, type LeaseHolder } from './holder';
import type { LeaseTable } from './lease-table';

/** Brings the rings that rotation has shown to where this process works by them. */
export class RingLoading {
  /** The epoch that is being loaded, and the last failure that was logged. */
  private readonly epochs = new Map<Scope, number>();
  private readonly told = new Map<Scope, string>();

  constructor(
    private readonly holder: LeaseHolder<unknown>,
    private readonly table: LeaseTable,
    private readonly logger: Logger,
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
    this.told.delete(scope);
    const kid = keys.find(({ state }) => state === 'active')?.key_id;
    this.logger.info({ scope, epoch, kid }, 'ring taken');
    this.holder.taken(view);
    this.confirm();
  }

  private tellNotLoadable({ scope, epoch }: RingView, error: unknown): void {
    const { keyId: kid, reason, cause: err } = asNotLoadable(error);
    const told = `${epoch} ${kid} ${reason}`;
    // It is tried again at each renewal; the log says it once.
    if (this.told.get(scope) === told) return;
    this.told.set(scope, told);
    this.logger.error({ scope, kid, epoch, reason, err }, 'ring not taken');
  }
}

const asNotLoadable = (error: unknown): NotLoadable =>
  error instanceof NotLoadable ? error : new NotLoadable(undefined, 'internal', { cause: error });
