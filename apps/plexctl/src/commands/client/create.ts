import { bearerHash, makeBearer } from '@plexsphere/wire';
import { command } from '../../command';
import { secondsOf } from '../../duration';
import { oneRow } from '../../render';
import { AUDIENCE_FLAG, CLIENT_ID_FLAG, ISSUER_FLAG, TOKEN_SCOPE_FLAG, SHOWN_ONCE, TTL_FLAG } from './client-flags';
import { readClientKeys } from './client-keys';
import { clientTable } from './client-rows';

export const createClient = command({
  path: ['client', 'create'],
  about: `Enters a client of an issuer. Its secret is drawn here and shown once: a hash of it is all that is kept. With
    --jwks it has none, and signs assertions (RFC 7523) by a key of its own, whose public half is in the file.`,
  flags: {
    scope: ISSUER_FLAG,
    'client-id': CLIENT_ID_FLAG,
    'token-scope': TOKEN_SCOPE_FLAG,
    audience: AUDIENCE_FLAG,
    ttl: TTL_FLAG,
    jwks: { value: 'file', summary: 'a JWK Set with its public keys, in place of a secret' },
  },
  examples: [
    'plexctl client create --scope issuer:acme --client-id billing --token-scope api --audience https://api.example.com',
    'plexctl client create --scope issuer:acme --client-id jobs --token-scope api --audience https://api.example.com --jwks jobs.json',
  ],
  asks: 'bus',

  async run({ flags, bus, terminal }) {
    const keys = flags.jwks === undefined ? undefined : readClientKeys(flags.jwks);
    const secret = keys === undefined ? makeBearer() : undefined;
    const seconds = secondsOf(flags.ttl ?? '');
    const request = {
      ...{ scope: flags.scope, client_id: flags['client-id'] },
      ...{ token_scopes: [...new Set(flags['token-scope'])], audiences: [...new Set(flags.audience)] },
      ...(seconds === undefined ? {} : { ttl_seconds: seconds }),
      ...(keys === undefined ? {} : { keys }),
      ...(secret === undefined ? {} : { secret_hash: bearerHash(secret) }),
    };
    const client = await bus.change('client.create', request, IF_UNKNOWN);
    if (secret === undefined) return { text: clientTable([client]), document: client };
    terminal.note(SHOWN_ONCE);
    const document = { ...client, client_secret: secret };
    return { text: oneRow({ client_id: client.client_id, client_secret: secret }), document };
  },
});

const IF_UNKNOWN =
  'plexctl client list shows it if it was made; nobody has its secret then: plexctl client rotate-secret gives it another';
