import { SERVICE_NAMES, type ServiceName } from '@plexsphere/wire';
import { command } from '../command';
import { misuse } from '../failure';
import { databaseUrl, filesIn } from './bring-up';

const ANY_OF = new Intl.ListFormat('en-GB', { type: 'disjunction' });

export const reissue = command({
  path: ['bootstrap', 'reissue'],
  about: `Writes new files for the service to --out, beside which its present ones go on working. Put them in place of
    those that the service reads, restart its replicas one after the other, and then run it again with --revoke-old: it ends
    every earlier login and bus credential of the service, and refuses while a replica is still connected by one. DATABASE_URL
    names the database, as its owner.

    The key-encryption key opens the keys of the bus; without --kek-file the database login alone is made anew. No service
    is asked. It is rotation that tells the bus what is revoked: within seconds, or when it runs again.

    --service admin writes a token file of another admin instead, for an installation whose last one has expired or is lost;
    plexctl token revoke ends the one before.`,
  flags: {
    service: {
      value: 'name',
      summary: `whose: ${ANY_OF.format(SERVICE_NAMES)}; admin for the token of another admin`,
      required: true,
      oneOf: [...SERVICE_NAMES, 'admin'],
    },
    out: { value: 'dir', summary: 'where the new files go; made with mode 0700', required: true, unless: 'revoke-old' },
    'kek-file': { value: 'file', summary: 'the key-encryption key that bootstrap wrote' },
    'revoke-old': { summary: 'end what came before the newest, instead of making another' },
    force: { summary: 'with --revoke-old: also what is in use, whose connections are cut' },
  },
  examples: [
    'DATABASE_URL=postgres://owner@db/plexsphere plexctl bootstrap reissue --service signer --kek-file kek --out ./anew',
    'DATABASE_URL=postgres://owner@db/plexsphere plexctl bootstrap reissue --service signer --revoke-old',
  ],
  asks: 'database',

  check({ service, out, force, 'kek-file': kekFile, 'revoke-old': revokeOld }) {
    if (service === 'admin' && revokeOld) throw misuse('plexctl token revoke ends an admin', 'revoke_old');
    if (service === 'admin' && kekFile === undefined) throw misuse('--service admin takes --kek-file', 'kek_file');
    if (revokeOld && out !== undefined) throw misuse('--out goes with what is made, not with --revoke-old', 'out');
    if (revokeOld && kekFile !== undefined)
      throw misuse('--kek-file goes with what is made, not with --revoke-old', 'kek_file');
    if (force && !revokeOld) throw misuse('--force goes with --revoke-old', 'force');
  },

  async run({ env, flags: { service, out, 'kek-file': kekFile, 'revoke-old': revokeOld, force }, terminal }) {
    const url = databaseUrl(env);
    const bringUp = await import('@plexsphere/bootstrap');
    if (service === 'admin') {
      const made = await bringUp.reissueAdmin({ databaseUrl: url, kekFile, out: out ?? '' });
      return filesIn(made);
    }
    const asked = { databaseUrl: url, service: service as ServiceName };
    if (revokeOld) {
      const ended = await bringUp.revokeOld({ ...asked, force });
      const rows = [
        ...ended.logins.map((name) => ['database login', name]),
        ...ended.bus_public_keys.map((name) => ['bus credential', name]),
      ];
      if (rows.length === 0) terminal.note(`${service} has no earlier credential`);
      return { text: { columns: ['ENDED', 'NAME'], rows }, document: ended };
    }
    const made = await bringUp.reissue({ ...asked, kekFile, out: out ?? '' });
    if (kekFile === undefined) terminal.note('the bus credential stays as it is: to make another takes --kek-file');
    return filesIn(made);
  },
});
