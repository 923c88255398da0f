import { BRING_UP_FILES } from '@plexsphere/wire';
import { command } from '../command';
import { databaseUrl, filesIn } from './bring-up';

export const bootstrap = command({
  path: ['bootstrap'],
  about: `Once, on an empty database: makes the schema and the roles, the keys of the bus, the platform ring, the
    recovery key and one admin, and writes what each service needs to --out. DATABASE_URL names the database, as its
    owner. Refused where an admin exists.

    Take the recovery key away and keep it offline; hand each service its own files and no other. Installations may share
    a PostgreSQL server, a database each: their roles have names of their own. Each needs a NATS server of its own.`,
  flags: { out: { value: 'dir', summary: 'where the files go; made with mode 0700', required: true } },
  examples: ['DATABASE_URL=postgres://owner@db/plexsphere plexctl bootstrap --out /etc/plexsphere'],
  asks: 'database',

  async run({ env, flags: { out }, terminal }) {
    const url = databaseUrl(env);
    const bringUp = await import('@plexsphere/bootstrap');
    const made = await bringUp.bootstrap({ databaseUrl: url, out });
    const { recoveryKey, recoveryPassphrase } = BRING_UP_FILES;
    terminal.note('this installation needs a NATS server, or cluster, of its own: a server takes one operator');
    terminal.note(`take ${recoveryKey} and ${recoveryPassphrase} away from ${made.out}, each to a place of its own`);
    if (made.left_open.length > 0) {
      terminal.note(
        `every role of this server may still ${made.left_open.join(', ')} in this database: only a superuser can take ` +
          'that away; plexctl migrate does it, run as one',
      );
    }
    return filesIn(made);
  },
});
