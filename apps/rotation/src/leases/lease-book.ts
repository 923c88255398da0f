import { Injectable } from '@nestjs/common';
import { InstallationEntity, KeyRingEntity } from '@plexsphere/store';
import type { RingView } from '@plexsphere/wire';
import type { RenewLease, RenewLeaseReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { ringView } from '../rings/ring-view';
import { RotationConfig } from '../rotation-config';
import { snapshotRing } from '../sql/read-ring';

/** Rings in one answer: far below the bus' limit of 1 MB. The holder asks again at once for the rest. */
const RINGS_PER_REPLY = 200;

/** A lease older than this is over by every clock: twice L, in case the database's clock was set forward. */
const LAPSED_AFTER_LEASES = 2;

/** Who may sign or serve by which epoch. One row a holder; the database alone knows. */
@Injectable()
export class LeaseBook {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  /**
   * First commits that the holder works by these epochs, and only then reads the rings. So after a ring's commit no
   * lease of an older epoch can begin, and whoever began one before stands in the table.
   */
  async renew(request: RenewLease): Promise<RenewLeaseReply> {
    const { manager } = this.database;
    await manager.query(
      `INSERT INTO ring.lease (holder, kind, epochs, renewed_at) VALUES ($1, $2, $3, clock_timestamp())
       ON CONFLICT (holder) DO UPDATE SET epochs = excluded.epochs, renewed_at = excluded.renewed_at`,
      [request.holder, request.kind, JSON.stringify(request.epochs)],
    );
    const present = await manager.find(KeyRingEntity, { order: { scope: 'ASC' } });
    const granted = present.filter((ring) => request.epochs[ring.scope] === ring.epoch).map((ring) => ring.scope);
    const behind = present.filter((ring) => (request.epochs[ring.scope] ?? 0) < ring.epoch).slice(0, RINGS_PER_REPLY);
    const installation = await manager.findOneByOrFail(InstallationEntity, { onlyRow: true });
    return {
      lease_ms: this.config.leaseMs,
      granted,
      rings: await this.views(behind.map((ring) => ring.scope)),
      recovery_public_key: installation.recoveryPublicKey,
    };
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

  /** Holders that may still work by an epoch of the scope before this one. */
  async holdersBefore(scope: string, epoch: number): Promise<string[]> {
    const rows = await this.database.query<{ holder: string }[]>(
      `SELECT holder FROM ring.lease
        WHERE (epochs ->> $1)::bigint < $2 AND renewed_at > clock_timestamp() - $3 * interval '1 ms' ORDER BY holder`,
      [scope, epoch, LAPSED_AFTER_LEASES * this.config.leaseMs],
    );
    return rows.map((row) => row.holder);
  }

  async holdersAt(scope: string, epoch: number): Promise<string[]> {
    const rows = await this.database.query<{ holder: string }[]>(
      `SELECT holder FROM ring.lease
        WHERE (epochs ->> $1)::bigint = $2 AND renewed_at > clock_timestamp() - $3 * interval '1 ms' ORDER BY holder`,
      [scope, epoch, this.config.leaseMs],
    );
    return rows.map((row) => row.holder);
  }

  /** Whether some holder has seen a later epoch than the ring's: then this database is not the one it knows. */
  async hasSeenLater(scope: string, epoch: number): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `SELECT 1 FROM ring.lease WHERE (epochs ->> $1)::bigint > $2 LIMIT 1`,
      [scope, epoch],
    );
    return rows.length > 0;
  }

  /** Forgets holders that died long ago. */
  async sweep(): Promise<void> {
    await this.database.query(`DELETE FROM ring.lease WHERE renewed_at < clock_timestamp() - interval '1 hour'`);
  }

  private async views(scopes: string[]): Promise<RingView[]> {
    const views: RingView[] = [];
    for (const scope of scopes) {
      const stored = await snapshotRing(this.database, scope);
      if (stored !== undefined) views.push(ringView(stored, this.config));
    }
    return views;
  }
}
