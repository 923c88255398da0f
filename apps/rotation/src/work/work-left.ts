import { Injectable } from '@nestjs/common';
import { askPrepared, prepared } from '@plexsphere/store';
import { DataSource } from 'typeorm';
import { OLD_ASSERTIONS } from '../clients/used-assertions';
import { OLD_ENROL_TOKENS } from '../enrolment/enrol-token';
import { OLD_REFUSALS } from '../refusals/refusal-table';
import { LEFTOVERS } from '../rotations/prepared-keys';
import { SETTLED, SETTLING_BY_MEMBERS } from '../rotations/settle-rollbacks';
import { OLD_ANSWERS } from '../transactions/requests';

/** By what each is found in the database: all by indexes of those alone that are left. */
const LEFT = {
  unfinished: [
    'FROM ring.ring_change WHERE switched_at IS NULL',
    `FROM ring.signing_key WHERE state IN ('retired', 'revoked') AND destroyed_at IS NULL`,
  ],
  settling: [SETTLED, SETTLING_BY_MEMBERS],
  answers: [OLD_ANSWERS],
  refusals: [OLD_REFUSALS],
  enrolTokens: [OLD_ENROL_TOKENS],
  assertions: [OLD_ASSERTIONS],
  preparedKeys: [LEFTOVERS],
  removals: ['FROM ring.key_ring WHERE removed_at IS NOT NULL AND keys_destroyed_at IS NULL'],
  fleets: [`FROM ring.fleet_run WHERE state = 'running' AND due_at <= statement_timestamp()`],
  revocations: ['FROM ring.bus_revocation WHERE signed_at IS NULL AND due_at <= statement_timestamp()'],
} as const satisfies Record<string, readonly string[]>;

export interface Found extends Record<keyof typeof LEFT, boolean> {
  /** Another one for each JWT of the bus account; null where there is no installation. */
  accountRevision: string | null;
}

const isAny = (of: readonly string[]): string => of.map((from) => `EXISTS (SELECT ${from})`).join(' OR ');

const LOOK = prepared(
  `SELECT ${Object.entries(LEFT)
    .map(([name, of]) => `${isAny(of)} AS "${name}"`)
    .join(', ')},
          (SELECT bus_account_signed_at::text FROM ring.installation) AS "accountRevision"`,
);

/** Those who look at the same moment are a few milliseconds apart, or as many more as a busy process is late. */
const GOOD_FOR_MS = 250;
/** The moments at which this process looks. */
const MOMENT_MS = 1_000;

/**
 * What there is to do for the loops of a replica, read by one statement for all that look at the same moment: as a rule
 * there is nothing, every second, and nothing is asked further of what is not.
 */
@Injectable()
export class WorkLeft {
  private last: { askedAtMs: number; found: Promise<Found> } | undefined;

  constructor(private readonly database: DataSource) {}

  /** As it stands, or stood a quarter of a second ago. @throws what the driver throws */
  find(): Promise<Found> {
    const nowMs = performance.now();
    if (this.last === undefined || nowMs - this.last.askedAtMs > GOOD_FOR_MS)
      this.last = { askedAtMs: nowMs, found: this.ask() };
    return this.last.found;
  }

  /** Something was committed: what was read before does not say so. */
  forget(): void {
    this.last = undefined;
  }

  private async ask(): Promise<Found> {
    const [found] = await askPrepared<Found>(this.database, LOOK, []);
    return found!;
  }
}

/**
 * How long a loop pauses that turns so often, so that it turns when others do: up to that moment, and to the one after it
 * where a turn has ended, or was woken, shortly before.
 */
export function untilTogether(everyMs: number): number {
  const pauseMs = everyMs - (performance.now() % MOMENT_MS);
  return pauseMs < everyMs / 2 ? pauseMs + MOMENT_MS : pauseMs;
}
