import { askPrepared, prepared } from '@plexsphere/store';
import type { DataSource } from 'typeorm';
import { OLD_ASSERTIONS } from '../clients/used-assertions';
import { OLD_ENROL_TOKENS } from '../enrolment/enrol-token';
import { OLD_REFUSALS } from '../refusals/refusal-table';
import { OLD_ANSWERS } from '../transactions/requests';
import { LEFTOVERS } from './prepared-keys';
import { SETTLED, SETTLING_BY_MEMBERS } from './settle-rollbacks';

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
} as const satisfies Record<string, readonly string[]>;

export type WorkLeft = Record<keyof typeof LEFT, boolean>;

const isAny = (of: readonly string[]): string => of.map((from) => `EXISTS (SELECT ${from})`).join(' OR ');

const LOOK = prepared(
  `SELECT ${Object.entries(LEFT)
    .map(([name, of]) => `${isAny(of)} AS "${name}"`)
    .join(', ')}`,
);

/**
 * Whether any of it is there, in one statement for all: as a rule there is none, every two seconds, and nothing is asked
 * further of what is not.
 */
export async function lookForWork(database: DataSource): Promise<WorkLeft> {
  const [left] = await askPrepared<WorkLeft>(database, LOOK, []);
  return left!;
}
