import { Inject, Injectable } from '@nestjs/common';
import { Health, LOGGER, type Logger } from '@plexsphere/service-kit';
import { askPrepared, prepared } from '@plexsphere/store';
import { MAX_ACCOUNT_BYTES, MAX_REVOCATIONS, revocationLines } from '@plexsphere/wire';
import type { BusJwtReply, SignBusAccount } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';
import { RotationConfig } from '../rotation-config';
import {
  dueRevocations,
  forgetOver,
  isAnyOver,
  listRevocations,
  markSigned,
  type DueRevocation,
} from './revocation-list';

/** Each new JWT makes the bus look at every connection: 180 to 400 ms of its CPU at a thousand. */
const SIGN_EVERY_MS = 1_000;
/** Another replica was first: what it stored may have all of ours. */
const LOST_AGAIN_MS = 50;
/** What has expired harms nobody where it stands, so it leaves with the next revocation, or after this. */
const TIDY_EVERY_MS = 3_600_000;
/** What gave way to another key or token goes together: so often, and of the server's time a tenth at the most. */
const BATCH_EVERY_MS = 30_000;
const PAUSES_PER_PUSH = 10;

/** From here on it is said how full the list is: long before the first has to leave it. */
const NEARLY_FULL = 0.8;
const nearlyFull = ({ listed }: Fullness): boolean => listed >= NEARLY_FULL * MAX_REVOCATIONS;

interface Stored {
  ageMs: number;
  bytes: number;
  isAnyDue: boolean;
}

/** Every second, and as a rule there is nothing due: all of it in one statement. */
const READ_STORED = prepared(`
  SELECT octet_length(bus_account_jwt) AS bytes,
         (extract(epoch FROM clock_timestamp() - bus_account_signed_at) * 1000)::float8 AS "ageMs",
         EXISTS (SELECT FROM ring.bus_revocation WHERE signed_at IS NULL AND due_at <= statement_timestamp()) AS "isAnyDue"
    FROM ring.installation`);

/** How full the list was when it was last signed here. */
interface Fullness {
  listed: number;
  leftOut: number;
}

/**
 * Has the account's JWT signed anew where the revocations have changed. Any replica may: no lock is held while a signer
 * works, and of two the one that comes later finds another JWT than it began with, and begins anew.
 */
@Injectable()
export class AccountSigning {
  fullness: Fullness = { listed: 0, leftOut: 0 };
  private warning: string | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    health: Health,
  ) {
    health.warn('bus account', () => this.warning);
  }

  /**
   * What was due and urgent when it was called is in the stored JWT when it returns, or somebody else must be asked for it:
   * then it returns after how many milliseconds to come again. `pushTookMs`: what the last push cost the server.
   * @throws Problem noSigner, noAnswer
   */
  async signDue({ pushTookMs }: { pushTookMs: number }): Promise<{ againInMs: number }> {
    const stored = await this.stored();
    this.warn(stored.bytes);
    const isBatchDue = stored.ageMs >= Math.max(BATCH_EVERY_MS, PAUSES_PER_PUSH * pushTookMs);
    const due = stored.isAnyDue ? await dueRevocations(this.database.manager, isBatchDue) : [];
    const isDue =
      due.length > 0 ||
      (stored.ageMs >= TIDY_EVERY_MS && (await isAnyOver(this.database.manager, this.config.clockSkewMs)));
    if (!isDue) return { againInMs: 0 };
    if (stored.ageMs < SIGN_EVERY_MS) return { againInMs: SIGN_EVERY_MS - stored.ageMs };
    return { againInMs: (await this.sign(due)) ? 0 : LOST_AGAIN_MS };
  }

  private async sign(due: readonly DueRevocation[]): Promise<boolean> {
    const { manager } = this.database;
    // Before the list is read: who stores another one meanwhile may know of more, and then this one is not stored. One that
    // was stored since the age was looked at is too young.
    const [stored] = await manager.query<{ before: string }[]>(
      `SELECT bus_account_jwt AS before FROM ring.installation
        WHERE bus_account_signed_at <= clock_timestamp() - $1 * interval '1 ms'`,
      [SIGN_EVERY_MS],
    );
    if (stored === undefined) return false;
    const listedAtMs = performance.now();
    const { revocations, leftOut } = await listRevocations(manager, this.config.clockSkewMs);
    const request: SignBusAccount = { revocations: revocationLines(revocations) };
    const { jwt } = await this.signers.askAny<BusJwtReply>('sign-bus-account', request);
    const isOurs = await this.database.transaction(async (transaction) => {
      const replaced = await transaction.query<[unknown[], number]>(
        `UPDATE ring.installation SET bus_account_jwt = $1, bus_account_signed_at = clock_timestamp()
          WHERE bus_account_jwt = $2`,
        [jwt, stored.before],
      );
      if (replaced[1] !== 1) return false;
      await markSigned(transaction, due);
      // What runs out while this is signed stands in it, and its row is what takes it out again.
      await forgetOver(transaction, this.config.clockSkewMs + Math.ceil(performance.now() - listedAtMs));
      return true;
    });
    if (isOurs) this.tell({ listed: revocations.length, leftOut });
    return isOurs;
  }

  private tell(now: Fullness): void {
    const was = this.fullness;
    this.fullness = now;
    const fields = { revocations: now.listed, bound: MAX_REVOCATIONS, left_out: now.leftOut };
    this.logger.info(fields, 'bus account signed');
    if (now.leftOut > 0 && was.leftOut === 0)
      this.logger.warn(fields, 'bus account full: oldest removed nodes left it');
    else if (nearlyFull(now) && !nearlyFull(was)) this.logger.warn(fields, 'bus account nearly full');
  }

  /** Whichever replica signed it. Nobody is refused anything by it, so readiness does not fall. */
  private warn(bytes: number): void {
    const percent = Math.floor((100 * bytes) / MAX_ACCOUNT_BYTES);
    this.warning =
      percent < 100 * NEARLY_FULL ? undefined : `at ${percent} % of its revocations; then the oldest Nodes' leave it`;
  }

  private async stored(): Promise<Stored> {
    const [row] = await askPrepared<Stored>(this.database, READ_STORED, []);
    if (row === undefined) throw new Error('no installation');
    return row;
  }
}
