import { Injectable } from '@nestjs/common';
import {
  chainPart,
  chainStart,
  type ChainPart,
  type ChainPlace,
  type ListPlace,
  type RingHistory,
} from '@plexsphere/keyring';
import { CHAIN_STATEMENTS, PLATFORM, problem, type Scope } from '@plexsphere/wire';
import { Pool } from 'pg';

/** How far a verifier has come in both rings: 0 is before the first statement. */
export interface After {
  epoch: number;
  platformEpoch: number;
}

export interface ReadPart {
  part: ChainPart;
  platformStatements: string[];
  statements: string[];
  /** Where both rings are: what the bundle must be made for. */
  epoch: number;
  platformEpoch: number;
}

interface StatementRow {
  epoch: number;
  statement: string;
}

const READ_EPOCHS = `
  SELECT own.epoch::float8 AS epoch, platform.epoch::float8 AS "platformEpoch"
    FROM gateway.ring own, gateway.ring platform WHERE own.scope = $1 AND platform.scope = '${PLATFORM}'`;

/** What chainStart asks of the rings. Each look is one into an index, however long the ring's history is. */
const READ_START = `
  SELECT (SELECT min(authority_epoch) FROM gateway.ring_change WHERE scope = $1 AND epoch > $2 AND authority_epoch IS NOT NULL)::float8 AS authority,
         (SELECT max(epoch) FROM gateway.ring_change
           WHERE scope = '${PLATFORM}' AND epoch <= $3 AND statement IS NOT NULL)::float8 AS head`;

const READ_NAMED = `
  SELECT max(epoch)::float8 AS named FROM gateway.ring_change
   WHERE scope = '${PLATFORM}' AND epoch <= $1 AND statement IS NOT NULL AND change <> 'recovery'`;

const READ_STATEMENTS = `
  SELECT epoch::float8 AS epoch, statement FROM gateway.ring_change
   WHERE scope = $1 AND epoch > $2 AND epoch <= $3 AND statement IS NOT NULL ORDER BY epoch LIMIT $4`;

/** A ring of which only the questions are asked that lead to a chain's beginning. */
const history = (scope: Scope, answers: Partial<RingHistory>): RingHistory => ({
  ...{ scope, epoch: 0, trustEpoch: 0, keys: [] },
  // Who begins with nothing is given everything.
  superiorEpoch: 1,
  activeAt: () => undefined,
  statementsAfter: () => 0,
  headAt: () => 0,
  activeNamedAt: () => 0,
  authorityAfter: () => null,
  ...answers,
});

/** The statements of both rings, by the same rules of the domain as on a Node's own stream (ADR 0011). */
@Injectable()
export class ChainReader {
  constructor(private readonly database: Pool) {}

  /**
   * Where a chain begins that goes on after these epochs: the platform's part earlier, where a statement of the ring is
   * vouched for by a key that was active earlier.
   */
  async start(scope: Scope, after: After): Promise<ChainPlace> {
    const [read] = await this.ask<{ authority: number | null; head: number | null }>(READ_START, [
      scope,
      after.epoch,
      after.platformEpoch,
    ]);
    const { authority = null, head = null } = read ?? {};
    const named = authority === null ? null : await this.named(authority);
    const platform = history(PLATFORM, { headAt: () => head ?? 0, activeNamedAt: () => named ?? 0 });
    return chainStart(after, history(scope, { authorityAfter: () => authority }), platform);
  }

  /** @throws Problem unknownScope */
  async read(scope: Scope, place: ChainPlace): Promise<ReadPart> {
    const [epochs] = await this.ask<After>(READ_EPOCHS, [scope]);
    if (epochs === undefined) throw problem('unknownScope', { field: 'scope' });
    const { epoch, platformEpoch } = epochs;
    const platform = await this.statements(PLATFORM, place.platform, platformEpoch);
    const own = place.own === null ? [] : await this.statements(scope, place.own, epoch);
    const ahead = { platform: platform.map((row) => row.epoch), own: own.map((row) => row.epoch) };
    const part = chainPart(place, ahead, CHAIN_STATEMENTS);
    const texts = (rows: StatementRow[], { length }: readonly number[]) =>
      rows.slice(0, length).map(({ statement }) => statement);
    return {
      ...{ part, epoch, platformEpoch },
      platformStatements: texts(platform, part.platform),
      statements: texts(own, part.own),
    };
  }

  private async named(authority: number): Promise<number | null> {
    const [row] = await this.ask<{ named: number | null }>(READ_NAMED, [authority]);
    return row?.named ?? null;
  }

  private statements(scope: Scope, { afterEpoch }: ListPlace, upTo: number): Promise<StatementRow[]> {
    return this.ask<StatementRow>(READ_STATEMENTS, [scope, afterEpoch, upTo, CHAIN_STATEMENTS + 1]);
  }

  private async ask<Row extends object>(question: string, values: unknown[]): Promise<Row[]> {
    return (await this.database.query<Row>(question, values)).rows;
  }
}

/** After these very epochs: so a chain goes on that was begun before. */
export const placeAfter = (scope: Scope, { epoch, platformEpoch }: After): ChainPlace => ({
  own: scope === PLATFORM ? null : { afterEpoch: epoch, wholeFrom: 0 },
  platform: { afterEpoch: platformEpoch, wholeFrom: 0 },
});
