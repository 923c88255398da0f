/**
 * Which form a database has. Services, `plexctl` and the local stack may be of different versions than the one that made
 * it, so the form is a contract between them: it stands as the comment on each schema of ours, which any role may read.
 */
import { createHash } from 'node:crypto';
import { problem } from './problem';

/** Where a statement runs: a pool, or an open transaction. */
export interface Sql {
  query<T>(text: string, parameters?: unknown[]): Promise<T>;
}

/** A migration; its name ends in TypeORM's timestamp. They go forward only. */
export interface SchemaChange {
  name: string;
  sql: string;
}

/** To be raised where what stands in the columns changes its form (statements, wrapped keys), and no column does. */
const CONTENTS = '5';

/** A schema in the form that these migrations make. What a later release adds leads on from it, and goes behind the mark. */
export class DatabaseForm {
  /** For TypeORM: the same, and the mark, in their transaction, so that no database is without it. */
  readonly migrations: (new () => object)[];

  constructor(
    private readonly schema: string,
    private readonly made: readonly SchemaChange[],
    nameOfMark: string,
  ) {
    const mark = `COMMENT ON SCHEMA ${schema} IS '${this.format}'`;
    this.migrations = [...made, { name: nameOfMark, sql: mark }].map(migration);
  }

  /** For a service, at its start. @throws Problem databaseFormat, also where nothing was brought up */
  async require(sql: Sql): Promise<void> {
    if (!(await this.isThere(sql))) throw problem('databaseFormat');
  }

  /** Before migrations run. @throws Problem databaseFormat where another form is there */
  async refuseOther(sql: Sql): Promise<void> {
    await this.isThere(sql);
  }

  private async isThere(sql: Sql): Promise<boolean> {
    const [row] = await sql.query<{ there: boolean; mark: string | null }[]>(
      `SELECT to_regnamespace($1) IS NOT NULL AS there, obj_description(to_regnamespace($1), 'pg_namespace') AS mark`,
      [this.schema],
    );
    if (row?.there && row.mark !== this.format) throw problem('databaseFormat');
    return row?.there === true;
  }

  /** Told by the text of the migrations that made it, so that nobody has to remember to count up. */
  private get format(): string {
    const hash = createHash('sha256').update(CONTENTS);
    for (const { sql } of this.made) hash.update(sql);
    return `plexsphere ${hash.digest('hex').slice(0, 16)}`;
  }
}

const migration = ({ name, sql }: SchemaChange): new () => object =>
  class {
    readonly name = name;

    async up(runner: Sql): Promise<void> {
      await runner.query(sql);
    }

    async down(): Promise<void> {
      throw new Error('migrations go forward only');
    }
  };

/** What to do about it. */
export const FORMAT_HINT =
  'another version made this database, or none has yet, and nothing leads from an unreleased version to this one: plexctl bootstrap brings a new installation up in an empty database (a local stack: npm stop -- --erase)';
