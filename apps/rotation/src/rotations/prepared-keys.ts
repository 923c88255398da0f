import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { Scope } from '@plexsphere/wire';
import type { ForgetAhead, ForgetKey } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';

/** A ring takes a key within half a minute of its preparation, or an attempt that comes later has it prepared anew. */
const KEPT_FOR = `interval '1 hour'`;

export const LEFTOVERS = `FROM ring.prepared_key WHERE prepared_at < statement_timestamp() - ${KEPT_FOR}`;

/** One turn's worth: the rest waits for the next. */
const AT_ONCE = 20;

/** Keys made ahead have no name before they are made: one row stands for those of a scope. No key id begins so. */
const AHEAD = '~';

interface Leftover {
  scope: Scope;
  keyId: string;
  preparedBefore: Date;
}

/**
 * Keys that signers were asked to make: written down before they are, struck off in the commit that takes one. What no
 * ring took is deleted after an hour, and its id is free again. No lock is needed for that: being asked for anew makes a
 * key new to the signers, too, and they delete nothing that was asked for after the hour began.
 */
@Injectable()
export class PreparedKeys {
  private underWay: Promise<void> | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Before a signer is asked, so that no key is made that nobody knows of; of keys made ahead, which may come with it, too. */
  async record(scope: Scope, ...keyIds: string[]): Promise<void> {
    await this.database.query(
      `INSERT INTO ring.prepared_key (scope, key_id) SELECT $1, unnest($2::text[])
       ON CONFLICT (scope, key_id) DO UPDATE SET prepared_at = clock_timestamp()`,
      [scope, [...keyIds, AHEAD]],
    );
  }

  /** Writes down that a signer made a key ahead of this hash, of which an operator's statement will speak. */
  async recordAhead(scope: Scope, hash: string): Promise<void> {
    await this.record(scope, `${AHEAD}${hash}`);
  }

  wasMade(scope: Scope, hash: string): Promise<boolean> {
    return this.database
      .query<unknown[]>('SELECT FROM ring.prepared_key WHERE scope = $1 AND key_id = $2', [scope, `${AHEAD}${hash}`])
      .then((rows) => rows.length === 1);
  }

  /**
   * Once a ring has taken a key that was made ahead, its first copy goes. Never fails: the sweep finds what is left, and
   * what destroys the key destroys every copy.
   */
  async forgetFirstCopy({ scope, keyId }: { scope: Scope; keyId: string }): Promise<void> {
    await this.forgetAhead(scope, new Date(0), keyId).catch((err: unknown) =>
      this.logger.warn({ err, scope, kid: keyId }, 'first copy not forgotten yet'),
    );
  }

  /** Never fails: what is left is found by the next turn, of any replica. */
  sweep(): Promise<void> {
    this.underWay ??= this.forgetLeftovers()
      .catch((err: unknown) => this.logger.warn({ err }, 'prepared keys not forgotten yet'))
      .then(() => (this.underWay = undefined));
    return this.underWay;
  }

  private async forgetLeftovers(): Promise<void> {
    await this.strikeOffTaken();
    const leftovers = await this.database.query<Leftover[]>(
      `SELECT scope, key_id AS "keyId", statement_timestamp() - ${KEPT_FOR} AS "preparedBefore"
         ${LEFTOVERS} ORDER BY prepared_at LIMIT ${AT_ONCE}`,
    );
    for (const leftover of leftovers) await this.forget(leftover);
  }

  /** An attempt that lost against another one for the same key wrote it down again. */
  private strikeOffTaken(): Promise<unknown> {
    return this.database.query(
      `DELETE FROM ring.prepared_key p USING ring.signing_key k
        WHERE p.prepared_at < clock_timestamp() - ${KEPT_FOR} AND k.scope = p.scope AND k.key_id = p.key_id`,
    );
  }

  private async forget({ scope, keyId, preparedBefore }: Leftover): Promise<void> {
    if (keyId === AHEAD) await this.forgetAhead(scope, preparedBefore);
    else if (!keyId.startsWith(AHEAD)) {
      const request: ForgetKey = { scope, key_id: keyId, prepared_before: preparedBefore.toISOString() };
      await this.signers.askAny('forget-key', request);
    }
    await this.database.query(`DELETE FROM ring.prepared_key WHERE scope = $1 AND key_id = $2 AND prepared_at < $3`, [
      scope,
      keyId,
      preparedBefore,
    ]);
    this.logger.info({ scope, kid: keyId }, 'prepared key forgotten');
  }
  /** What the head commits to stays. It was committed at once or not at all, so one that is older than an hour is none. */
  private async forgetAhead(scope: Scope, before: Date, introduced?: string): Promise<void> {
    const [head] = await this.database.query<{ next: string | null }[]>(
      `SELECT next FROM ring.ring_change WHERE scope = $1 AND statement IS NOT NULL ORDER BY epoch DESC LIMIT 1`,
      [scope],
    );
    const next = head?.next ?? null;
    const kept = next === null ? [] : [next];
    const request: ForgetAhead = {
      ...{ scope, kept, prepared_before: before.toISOString() },
      ...(introduced === undefined ? {} : { introduced }),
    };
    await this.signers.askAny('forget-ahead', request);
  }
}
