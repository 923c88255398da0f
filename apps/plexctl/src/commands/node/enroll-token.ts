import { bearerHash, makeBearer } from '@plexsphere/wire';
import { command } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { oneRow, utc } from '../../render';
import { MESH_SCOPE_FLAG } from '../flag-definitions';

export const enrollToken = command({
  path: ['node', 'enroll-token'],
  about: `Draws the token here, has its hash entered, and prints the token: once, for nobody keeps it. The first Node that
    registers with it over HTTP, or the first host that is enrolled with it by plexctl edge enroll, is enrolled in the scope,
    and the token is used. Hand it over by a safe way.`,
  flags: {
    scope: MESH_SCOPE_FLAG,
    ttl: { ...durationUpTo('30d'), member: 'ttl_seconds', summary: 'until it is over, like 24h; without it 1h' },
  },
  examples: [
    'plexctl node enroll-token --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --ttl 15m',
    'plexctl node enroll-token --scope platform --output json',
  ],
  asks: 'bus',

  async run({ flags: { scope, ttl }, bus }) {
    const token = makeBearer();
    const seconds = secondsOf(ttl ?? '');
    const request = {
      scope,
      token_hash: bearerHash(token),
      ...(seconds === undefined ? {} : { ttl_seconds: seconds }),
    };
    const { id, expires_at } = await bus.change('node.enroll-token', request, IF_UNKNOWN);
    const document = { token, id, scope, expires_at };
    return { text: oneRow({ ...document, expires_at: utc(expires_at) }), document };
  },
});

const IF_UNKNOWN = 'run it again: a token that was made and not printed is nobody’s, and is over by itself';
