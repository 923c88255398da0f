import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { InstallationEntity, KeyRingEntity } from '@plexsphere/store';
import type { LeaseKind, RingView } from '@plexsphere/wire';
import type { RenewLease, RenewLeaseReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { ringView } from '../rings/ring-view';
import { RotationConfig } from '../rotation-config';
import { snapshotRing } from '../sql/read-ring';
import { LEASE_DATABASE } from './lease-database';

/** Rings in one answer: far below the bus' limit of 1 MB. The holder asks again at once for the rest. */
const RINGS_PER_REPLY = 200;

/** As a holder asked; the server vouches for its kind. */
export interface Renewal extends RenewLease {
  holder: string;
  kind: LeaseKind;
}

/** A holder whose lease may be alive, and for how long it was granted. */
export interface Holder {
  holder: string;
  leaseMs: number;
}

/** Who may sign or serve by which epoch. One row a holder; the database alone knows. */
@Injectable()
export class LeaseBook {
  /** Each row's turn, and since when it has stood there, by this process' own clock. */
  private readonly seen = new Map<string, { turn: number; sinceMs: number }>();

  constructor(
    // A pool of its own: renewals must not queue behind requests that wait for a scope's lock.
    @InjectDataSource(LEASE_DATABASE) private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  /**
   * First commits that the holder works by these epochs, and only then reads the rings. So after a ring's commit no
   * lease of an older epoch can begin, and whoever began one before stands in the table.
   */
  async renew(request: Renewal): Promise<RenewLeaseReply> {
    const { manager } = this.database;
    const installation = await manager.findOneByOrFail(InstallationEntity, { onlyRow: true });
    const answer = { lease_ms: this.config.leaseMs, recovery_public_key: installation.recoveryPublicKey };
    if (!(await this.enter(request))) return { ...answer, granted: [], rings: [] };
    const present = await manager.find(KeyRingEntity, { order: { scope: 'ASC' } });
    const granted = present.filter((ring) => request.epochs[ring.scope] === ring.epoch).map((ring) => ring.scope);
    const behind = present.filter((ring) => (request.epochs[ring.scope] ?? 0) < ring.epoch).slice(0, RINGS_PER_REPLY);
    return { ...answer, granted, rings: await this.views(behind.map((ring) => ring.scope)) };
  }

  async release(holder: string): Promise<void> {
    await this.database.query(`DELETE FROM ring.lease WHERE holder = $1`, [holder]);
  }

  /** Signers whose lease may be alive: those who must try a new key before it signs. */
  async liveSigners(): Promise<string[]> {
    const rows = await this.database.query<{ holder: string }[]>(
      `SELECT holder FROM ring.lease WHERE kind = 'signer' AND renewed_at > clock_timestamp() - $1 * interval '1 ms'
        ORDER BY holder`,
      [this.config.leaseMs],
    );
    return rows.map((row) => row.holder);
  }

  /**
   * Holders that may still work by an epoch of the scope before this one. No clock decides here: the database's may be
   * set forward while a holder is paused.
   */
  async holdersBefore(scope: string, epoch: number): Promise<Holder[]> {
    const rows = await this.database.query<{ holder: string; lease_ms: number }[]>(
      `SELECT holder, lease_ms FROM ring.lease WHERE (epochs ->> $1)::bigint < $2 ORDER BY holder`,
      [scope, epoch],
    );
    return rows.map((row) => ({ holder: row.holder, leaseMs: row.lease_ms }));
  }

  async holdersAt(scope: string, epoch: number): Promise<string[]> {
    const rows = await this.database.query<{ holder: string }[]>(
      `SELECT holder FROM ring.lease
        WHERE (epochs ->> $1)::bigint = $2 AND renewed_at > clock_timestamp() - $3 * interval '1 ms' ORDER BY holder`,
      [scope, epoch, this.config.leaseMs],
    );
    return rows.map((row) => row.holder);
  }

  /**
   * Whether some holder has seen a later epoch than the ring's: then this database is not the one it knows. In the
   * caller's transaction: a second connection for it could wait for the first.
   */
  async hasSeenLater(manager: EntityManager, scope: string, epoch: number): Promise<boolean> {
    const rows = await manager.query<unknown[]>(`SELECT 1 FROM ring.lease WHERE (epochs ->> $1)::bigint > $2 LIMIT 1`, [
      scope,
      epoch,
    ]);
    return rows.length > 0;
  }

  /**
   * Forgets holders that are gone: a row that has kept its turn for as long as its lease was granted, by this process'
   * own clock, belongs to nobody who may sign. So one that died holds up one switch at the most.
   */
  async sweep(): Promise<void> {
    const rows = await this.database.query<{ holder: string; turn: string; lease_ms: number }[]>(
      `SELECT holder, turn, lease_ms FROM ring.lease`,
    );
    const nowMs = performance.now();
    for (const { holder, turn, lease_ms: leaseMs } of rows) {
      const seen = this.seen.get(holder);
      if (seen?.turn !== Number(turn)) this.seen.set(holder, { turn: Number(turn), sinceMs: nowMs });
      else if (nowMs - seen.sinceMs > leaseMs) {
        await this.database.query(`DELETE FROM ring.lease WHERE holder = $1 AND turn = $2`, [holder, turn]);
      }
    }
    const present = new Set(rows.map((row) => row.holder));
    for (const holder of this.seen.keys()) if (!present.has(holder)) this.seen.delete(holder);
  }

  /** False where the request is older than what stands in the table: it was held up, and its holder has asked again. */
  private async enter({ holder, kind, turn, epochs }: Renewal): Promise<boolean> {
    const entered = await this.database.query<unknown[]>(
      `INSERT INTO ring.lease AS present (holder, kind, turn, epochs, lease_ms, renewed_at)
       VALUES ($1, $2, $3, $4, $5, clock_timestamp())
       ON CONFLICT (holder) DO UPDATE SET
         turn = excluded.turn, epochs = excluded.epochs, lease_ms = excluded.lease_ms, renewed_at = excluded.renewed_at
       WHERE present.turn < excluded.turn
       RETURNING holder`,
      [holder, kind, turn, JSON.stringify(epochs), this.config.leaseMs],
    );
    return entered.length === 1;
  }

  private async views(scopes: string[]): Promise<RingView[]> {
    const views: RingView[] = [];
    for (const scope of scopes) {
      const stored = await snapshotRing(this.database, scope);
      if (stored !== undefined) views.push(ringView(stored));
    }
    return views;
  }
}
