import { bearerHash, makeBearer } from '@plexsphere/wire';
import { command } from '../../command';
import { secondsOf } from '../../duration';
import { oneRow, utc } from '../../render';
import { CLIENT_ID_FLAG, ISSUER_FLAG, KEEP_OLD_FLAG, SHOWN_ONCE } from './client-flags';

export const rotateClientSecret = command({
  path: ['client', 'rotate-secret'],
  about: `Draws a secret here and shows it once. The one before goes on until its end, so that the client can change over
    without a refusal; one before that ends at once. With --keep-old 1s the one before ends almost at once,
    too.`,
  flags: { scope: ISSUER_FLAG, 'client-id': CLIENT_ID_FLAG, 'keep-old': KEEP_OLD_FLAG },
  examples: [
    'plexctl client rotate-secret --scope issuer:acme --client-id billing',
    'plexctl client rotate-secret --scope issuer:acme --client-id billing --keep-old 1h',
  ],
  asks: 'bus',

  async run({ flags, bus, terminal }) {
    const secret = makeBearer();
    const keepOld = secondsOf(flags['keep-old'] ?? '');
    const request = {
      ...{ scope: flags.scope, client_id: flags['client-id'], secret_hash: bearerHash(secret) },
      ...(keepOld === undefined ? {} : { keep_old_seconds: keepOld }),
    };
    const client = await bus.change('client.rotate-secret', request, IF_UNKNOWN);
    const old = client.secrets.find(({ expires_at }) => expires_at !== null)?.expires_at;
    terminal.note(SHOWN_ONCE);
    const row = {
      ...{ client_id: client.client_id, client_secret: secret },
      old_until: old ? utc(old) : '-',
    };
    return { text: oneRow(row), document: { ...client, client_secret: secret } };
  },
});

const IF_UNKNOWN =
  'run it again where plexctl client show says that a secret came in: nobody has that one, and the one before goes on';
