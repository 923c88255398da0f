import { bearerHash, createBusKey, credsText, makeBearer, ROLES, tokenFileText, type Role } from '@plexsphere/wire';
import type { CreateToken, CreateTokenReply } from '@plexsphere/wire/commands';
import { command, type Values } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { oneRow, utc, type Result } from '../../render';
import { reserveSecretFile, type Done } from '../../secret-file';
import { NAME_FLAG, oneOf, RINGS_FLAG } from '../flag-definitions';

const FLAGS = {
  name: { ...NAME_FLAG, summary: 'of the operator', required: true },
  role: {
    ...oneOf(ROLES),
    summary: 'a viewer reads, an operator rotates, an admin forces and makes tokens',
    required: true,
  },
  scope: {
    ...RINGS_FLAG,
    required: false,
    repeatable: true,
    summary: 'only this scope (channel:<slug>: both directions, and its members); repeat it for more',
  },
  'expires-in': {
    ...durationUpTo('3650d'),
    member: 'expires_in_seconds',
    summary: 'from now, like 24h; without it 90 days',
  },
  out: { value: 'file', summary: 'the token file; never overwritten', required: true },
} as const;

export const createToken = command({
  path: ['token', 'create'],
  about: `Makes the operator's bus key pair and bearer token here, has the operator entered with the public half and a
    hash, and writes the token file, readable by its owner alone. Hand it over by a safe way and delete it here; it is
    not written twice.`,
  flags: FLAGS,
  examples: [
    'plexctl token create --name alice --role operator --expires-in 24h --out alice.token',
    'plexctl token create --name bob --role viewer --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --out bob.token',
    'plexctl token create --name carol --role operator --scope channel:payments --out carol.token',
  ],
  asks: 'bus',

  async run({ flags, bus }) {
    const file = reserveSecretFile(flags.out);
    try {
      const { publicKey, seed } = createBusKey('user');
      const bearer = makeBearer();
      const reply = await bus.change('token.create', requestOf(flags, publicKey, bearer), IF_UNKNOWN);
      file.write(tokenFile(reply, seed, bearer), created(reply.id));
      return resultOf(reply, file.path);
    } finally {
      file.release();
    }
  },
});

const IF_UNKNOWN =
  'plexctl token list shows it if it was made; nobody has its file then: plexctl token revoke it, and make another';

const created = (id: string): Done => ({
  detail: 'the token is made, its file is not written',
  members: { id },
  hint: `nobody has its credential: plexctl token revoke --id ${id}, and make another`,
});

/** Only the public half and a hash leave this process. */
function requestOf(flags: Values<typeof FLAGS>, publicKey: string, bearer: string): CreateToken {
  const seconds = secondsOf(flags['expires-in'] ?? '');
  return {
    name: flags.name,
    role: flags.role as Role,
    ...(flags.scope.length === 0 ? {} : { scopes: [...new Set(flags.scope)] }),
    ...(seconds === undefined ? {} : { expires_in_seconds: seconds }),
    bus_public_key: publicKey,
    bearer_hash: bearerHash(bearer),
  };
}

const tokenFile = ({ id, bus_jwt }: CreateTokenReply, seed: string, bearer: string): string =>
  tokenFileText({ operator: id, busCredential: credsText(bus_jwt, seed), bearer });

/** Without the credential: it is in the file and nowhere else. */
function resultOf({ id, name, role, scopes, expires_at }: CreateTokenReply, path: string): Result {
  const document = { id, name, role, scopes, expires_at, file: path };
  const text = oneRow({ ...document, scopes: scopes?.join(',') ?? 'all', expires_at: utc(expires_at) });
  return { text, document };
}
