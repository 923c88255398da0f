import { command } from '../command';
import { databaseUrl } from './bring-up';

export const migrate = command({
  path: ['migrate'],
  about: `Runs the migrations that the database lacks, as its owner: DATABASE_URL names the database. Shows those that
    ran; none is a result as well.`,
  flags: {},
  examples: ['DATABASE_URL=postgres://owner@db/plexsphere plexctl migrate'],
  asks: 'database',

  async run({ env }) {
    const url = databaseUrl(env);
    const bringUp = await import('@plexsphere/bootstrap');
    const migrations = await bringUp.migrate(url);
    if (migrations.length === 0) return { text: 'Nothing to do: the schema is up to date.', document: { migrations } };
    return { text: { columns: ['MIGRATION'], rows: migrations.map((name) => [name]) }, document: { migrations } };
  },
});
