import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { outlasting, type EarlierLease } from '@plexsphere/keyring';
import { LOGGER, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { InstallationEntity, askPrepared, prepared } from '@plexsphere/store';
import { LEASE_KINDS, channelDirection, type LeaseKind, type RingView, type Scope } from '@plexsphere/wire';
import type { RenewLease, RenewLeaseReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { ringView } from '../rings/ring-view';
import { RotationConfig } from '../rotation-config';
import { enterLease, type LeaseEntry } from './enter-lease';
import { snapshotRing } from '../rings/read-ring';
import { LaterStatements } from './later-statements';
import { LEASE_DATABASE } from '../transactions/pools';

/** Rings in one answer, which are read one after the other. The holder asks again at once for the rest. */
const RINGS_PER_REPLY = 200;

/** What an answer is cut to: the bus carries 1 MB. Two hundred rings of RSA keys are more than that. */
const BYTES_PER_REPLY = 960 * 1_024;

/** Who asks, as the subject says: a credential may publish its own kind alone. */
export interface LeaseHolder {
  kind: LeaseKind;
  holder: string;
}

/** Ahead of the database's clock where positive. */
export interface ClockOff {
  holder: string;
  offMs: number;
}

interface Standing {
  now: Date;
  rings: { scope: Scope; epoch: number; isStopped: boolean }[];
  recoveryKey: string;
}

/** Each holder asks for it several times within a lease: one statement. */
const READ_STANDING = prepared(`
  SELECT date_trunc('milliseconds', clock_timestamp()) AS now, recovery_public_key AS "recoveryKey",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('scope', ring.scope, 'epoch', ring.epoch,
                                                       'isStopped', later.scope IS NOT NULL) ORDER BY ring.scope), '[]')
            FROM ring.key_ring AS ring LEFT JOIN ring.later_statement AS later USING (scope)
           WHERE ring.removed_at IS NULL) AS rings
    FROM ring.installation`);

const READ_TURNS = prepared(`SELECT holder, turn, lease_ms AS "leaseMs" FROM ring.lease`);

/** Who may sign or serve by which epoch. One row a holder; the database alone knows. */
@Injectable()
export class LeaseBook {
  /** Each row's turn, and since when it has stood there, by this process' own clock. */
  private readonly seen = new Map<string, { turn: number; sinceMs: number }>();
  private readonly log: ThrottledLog;

  constructor(
    // A pool of its own: renewals must not queue behind requests that wait for a scope's lock.
    @Inject(LEASE_DATABASE) private readonly database: DataSource,
    private readonly later: LaterStatements,
    private readonly config: RotationConfig,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.log = new ThrottledLog(logger);
  }

  /**
   * First commits that the holder works by these epochs, and only then reads the rings. So after a ring's commit no
   * lease of an older epoch can begin, and whoever began one before stands in the table. Only what stands in the row is
   * granted: a claim beyond the ring is no epoch of it, even if the ring reaches it in between.
   * @throws Problem leaseOfAnother, tooManyHolders
   */
  async renew(asking: LeaseHolder, request: RenewLease): Promise<RenewLeaseReply> {
    const { manager } = this.database;
    const entered = await enterLease(this.database, this.entryOf(asking, request));
    const { leaseMs: lease_ms, verifierCacheMs: verifier_cache_ms } = this.config;
    const isServed = entered !== undefined && typeof request.clock_off_ms !== 'number';
    if (isServed) {
      this.tellAhead(asking.holder, entered.ahead);
      await this.later.take(asking.holder, request.statements ?? {});
    }
    const { now, rings, recoveryKey } = await this.standing();
    const answer = { lease_ms, verifier_cache_ms, now: now.toISOString(), recovery_public_key: recoveryKey };
    // A holder whose clock is wrong has nothing to load: it asks again, with what it claims, when it is right.
    if (!isServed) return { ...answer, granted: [], rings: [], removed: [] };
    const present = rings.filter(({ scope }) => isShownTo(asking.kind, scope));
    const scopes = new Set(present.map(({ scope }) => scope));
    const granted = present.filter(({ scope, epoch, isStopped }) => entered.epochs[scope] === epoch && !isStopped);
    const lacking = present.filter(({ scope, epoch }) => request.epochs[scope] !== epoch).map(({ scope }) => scope);
    const named = {
      granted: granted.map(({ scope }) => scope),
      // Until it claims it no more its row says so, and who removed the ring waits for it (ADR 0024).
      removed: Object.keys(request.epochs).filter((scope) => !scopes.has(scope)),
    };
    // As a rule none is lacking, and then nothing more is asked.
    if (lacking.length === 0) return { ...answer, ...named, rings: [] };
    return {
      ...answer,
      ...named,
      rings: await this.views(lacking.slice(0, RINGS_PER_REPLY), BYTES_PER_REPLY - bytesOf(named)),
      // After the rings: whoever has the platform's ring of a change of the recovery key has the key with it.
      recovery_public_key: await recoveryPublicKey(manager),
    };
  }

  /** After the holder's row is committed, and of one snapshot. */
  private async standing(): Promise<Standing> {
    const [standing] = await askPrepared<Standing>(this.database, READ_STANDING, []);
    if (standing === undefined) throw new Error('no installation');
    return standing;
  }

  /** Whoever stops in order claims nothing any more. @throws Problem leaseOfAnother */
  async release(asking: LeaseHolder, request: RenewLease): Promise<void> {
    await enterLease(this.database, { ...this.entryOf(asking, request), epochs: {}, released: true });
  }

  /** Signers whose lease may be alive: those who must try a new key before it signs. */
  async liveSigners(): Promise<string[]> {
    const rows = await this.database.query<{ holder: string }[]>(
      `SELECT holder FROM ring.lease
        WHERE kind = 'signer' AND NOT released AND clock_off_ms IS NULL
          AND renewed_at > clock_timestamp() - $1 * interval '1 ms'
        ORDER BY holder`,
      [this.config.leaseMs],
    );
    return rows.map((row) => row.holder);
  }

  /**
   * Holders of any kind that may still sign or serve by an epoch of the scope before this one. No clock decides here: the
   * database's may be set forward while a holder is paused.
   */
  holdersBefore(scope: string, epoch: number): Promise<EarlierLease[]> {
    return this.database.query(
      `SELECT holder, lease_ms AS "leaseMs" FROM ring.lease WHERE (epochs ->> $1)::bigint < $2 ORDER BY holder`,
      [scope, epoch],
    );
  }

  /** Of any kind, unless told which. Whoever asks for signers says so: a gateway that holds a lease signs nothing. */
  async holdersAt(scope: string, epoch: number, kinds: readonly LeaseKind[] = LEASE_KINDS): Promise<string[]> {
    const rows = await this.database.query<{ holder: string }[]>(
      `SELECT holder FROM ring.lease
        WHERE (epochs ->> $1)::bigint = $2 AND renewed_at > clock_timestamp() - $3 * interval '1 ms' AND kind = ANY($4)
        ORDER BY holder`,
      [scope, epoch, this.config.leaseMs, kinds],
    );
    return rows.map((row) => row.holder);
  }

  /** Signers that are there and give nothing, because their clock is wrong. */
  clocksOff(): Promise<ClockOff[]> {
    return this.database.query(
      `SELECT holder, clock_off_ms::float8 AS "offMs" FROM ring.lease
        WHERE kind = 'signer' AND clock_off_ms IS NOT NULL AND renewed_at > clock_timestamp() - $1 * interval '1 ms'
        ORDER BY holder`,
      [this.config.leaseMs],
    );
  }

  /**
   * Forgets holders that are gone: a row that has kept its turn for as long as its lease was granted, by this process'
   * own clock, belongs to nobody who may sign. So one that died holds up one switch at the most.
   */
  async sweep(): Promise<void> {
    const rows = await askPrepared<EarlierLease & { turn: string }>(this.database, READ_TURNS, []);
    const nowMs = performance.now();
    for (const { holder, turn, leaseMs } of rows) {
      const seen = this.seen.get(holder);
      if (seen?.turn !== Number(turn)) this.seen.set(holder, { turn: Number(turn), sinceMs: nowMs });
      else if (nowMs - seen.sinceMs > outlasting(leaseMs)) {
        await this.database.query(`DELETE FROM ring.lease WHERE holder = $1 AND turn = $2`, [holder, turn]);
      }
    }
    const present = new Set(rows.map((row) => row.holder));
    for (const holder of this.seen.keys()) if (!present.has(holder)) this.seen.delete(holder);
  }

  private entryOf({ kind, holder }: LeaseHolder, { secret, turn, epochs, clock_off_ms }: RenewLease): LeaseEntry {
    return {
      ...{ kind, holder, turn },
      // What it was never shown it cannot hold: it would have every switch of it wait.
      epochs: Object.fromEntries(Object.entries(epochs).filter(([scope]) => isShownTo(kind, scope))),
      secretHash: createHash('sha256').update(secret).digest(),
      leaseMs: this.config.leaseMs,
      clockOffMs: clock_off_ms ?? null,
      released: false,
    };
  }

  /** A number that nothing proves stops nobody, but somebody should look at who says it. */
  private tellAhead(holder: string, ahead: Record<string, number>): void {
    const scopes = Object.keys(ahead);
    const [scope] = scopes;
    if (scope === undefined) return;
    const fields = { holder, scope, claimed_epoch: ahead[scope], scopes: scopes.length };
    this.log.warn(fields, 'later epoch claimed without a proof, not granted', holder);
  }

  /** As many as fit, and one in any case. */
  private async views(scopes: string[], bytes: number): Promise<RingView[]> {
    const views: RingView[] = [];
    let leftBytes = bytes;
    for (const scope of scopes) {
      const stored = await snapshotRing(this.database, scope);
      if (stored === undefined) continue;
      const view = ringView(stored);
      leftBytes -= bytesOf(view);
      if (leftBytes < 0 && views.length > 0) break;
      views.push(view);
    }
    return views;
  }
}

/** Who verifies by a channel's keys holds its secrets: there is nothing to be served. */
const isShownTo = (kind: LeaseKind, scope: string): boolean =>
  kind === 'signer' || channelDirection(scope) === undefined;

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));

const recoveryPublicKey = async (manager: EntityManager): Promise<string> =>
  (await manager.findOneByOrFail(InstallationEntity, { onlyRow: true })).recoveryPublicKey;
