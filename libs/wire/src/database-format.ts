/**
 * Which form a database has. Services, `plexctl` and the local stack may be of different versions than the one that made
 * it, so the form is a contract between them: it stands as the comment on each schema of ours, which any role may read.
 */
import { createHash } from 'node:crypto';
import { problem } from './problem';

interface Sql {
  query<T>(text: string, parameters?: unknown[]): Promise<T>;
}

interface Runner {
  query(text: string): Promise<unknown>;
}

interface Migration {
  up(runner: Runner): Promise<void>;
}

/** To be raised where what stands in the columns changes its form (statements, wrapped keys), and no column does. */
const CONTENTS = '3';

/** A schema in the form that these migrations make. What a later release adds leads on from it, and goes behind the mark. */
export class DatabaseForm {
  /** The same, and the mark: in their transaction, so that no database is without it. `name` ends in TypeORM's timestamp. */
  readonly migrations: (new () => Migration)[];

  constructor(
    private readonly schema: string,
    private readonly made: readonly (new () => Migration)[],
    name: string,
  ) {
    const mark = async (): Promise<string> => `COMMENT ON SCHEMA ${schema} IS '${await this.format()}'`;
    class Mark implements Migration {
      readonly name = name;

      async up(runner: Runner): Promise<void> {
        await runner.query(await mark());
      }

      async down(): Promise<void> {
        throw new Error('migrations go forward only');
      }
    }
    this.migrations = [...made, Mark];
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
    if (row?.there && row.mark !== (await this.format())) throw problem('databaseFormat');
    return row?.there === true;
  }

  /** Told by the text of the migrations that made it, so that nobody has to remember to count up. */
  private async format(): Promise<string> {
    const hash = createHash('sha256').update(CONTENTS);
    const query = async (text: string): Promise<void> => void hash.update(text);
    for (const Migration of this.made) await new Migration().up({ query });
    return `plexsphere ${hash.digest('hex').slice(0, 16)}`;
  }
}

/** What to do about it. */
export const FORMAT_HINT =
  'another version made this database, or none has yet, and nothing leads from an unreleased version to this one: plexctl bootstrap brings a new installation up in an empty database (a local stack: npm stop -- --erase)';
