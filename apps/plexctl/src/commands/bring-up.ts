import { join } from 'node:path';
import type { Environment } from '../command';
import { misuse } from '../failure';
import type { Result } from '../render';

/** The owner's. Not a flag: an argument is on show to everybody on the machine, and it has a password in it. */
export function databaseUrl(env: Environment): string {
  const url = env['DATABASE_URL'];
  if (url !== undefined && url !== '') return url;
  throw misuse('DATABASE_URL is required', 'database_url', "set it to the database owner's URL: postgres://…");
}

/** The files that were written, which are no secret by their names. */
export const filesIn = (made: { out: string; files: readonly string[] }): Result => ({
  text: { columns: ['FILE'], rows: made.files.map((file) => [join(made.out, file)]) },
  document: made,
});
