/**
 * Which form a database has. Services, `plexctl` and the local stack may be of different versions than the one that made
 * it, so the form is a contract between them: it stands as the comment on each schema of ours, which any role may read.
 */
import { createHash } from 'node:crypto';
import { problem } from './problem';

interface Sql {
  query<T>(text: string, parameters?: unknown[]): Promise<T>;
}

interface Migration {
  up(runner: { query(text: string): Promise<unknown> }): Promise<void>;
}

/** To be raised where what stands in the columns changes its form (statements, wrapped keys), and no column does. */
const CONTENTS = '3';

/**
 * Told by the text of the migrations that made it, so that nobody has to remember to count up. The ones that a later
 * release adds do not belong among them: they lead on from this form.
 */
export async function databaseFormat(migrations: readonly (new () => Migration)[]): Promise<string> {
  const hash = createHash('sha256').update(CONTENTS);
  const query = async (text: string): Promise<void> => void hash.update(text);
  for (const Migration of migrations) await new Migration().up({ query });
  return `plexsphere ${hash.digest('hex').slice(0, 16)}`;
}

export const markFormat = (schema: string, format: string): string => `COMMENT ON SCHEMA ${schema} IS '${format}'`;

/** @throws Problem databaseFormat where the schema has another form; false where there is no such schema yet */
export async function hasFormat(sql: Sql, schema: string, format: string): Promise<boolean> {
  const [row] = await sql.query<{ there: boolean; mark: string | null }[]>(
    `SELECT to_regnamespace($1) IS NOT NULL AS there, obj_description(to_regnamespace($1), 'pg_namespace') AS mark`,
    [schema],
  );
  if (row?.there && row.mark !== format) throw problem('databaseFormat');
  return row?.there === true;
}

/** For a service, at its start. @throws Problem databaseFormat, also where nothing was brought up */
export async function requireFormat(sql: Sql, schema: string, format: string): Promise<void> {
  if (!(await hasFormat(sql, schema, format))) throw problem('databaseFormat');
}

/** What to do about it. */
export const FORMAT_HINT =
  'another version made this database, or none has yet, and nothing leads from an unreleased version to this one: plexctl bootstrap brings a new installation up in an empty database (a local stack: npm stop -- --erase)';
