import { HTTP_LISTENERS } from '@plexsphere/wire/commands';
import { isHostname, isWireguardKey, problem } from '@plexsphere/wire';

/** What a Node that comes says of itself. Whatever else it sends is no concern of ours. */
interface Newcomer {
  token: string;
  publicKey: string;
  hostname: string;
  listens: (typeof HTTP_LISTENERS)[number];
}

/** Printable ASCII, as any token that was ever given out. */
const TOKEN = /^[\x21-\x7e]{1,512}$/;
export const isEnrolmentToken = (token: string): boolean => TOKEN.test(token);

/**
 * Shape before token: who has the wrong one learns that only of a request that could have been taken.
 * `bearer`: shown with the request; it stands for a token that is left out of the body.
 * @throws Problem invariantViolation; notAuthenticated where the token is none
 */
export function newcomerOf(body: unknown, bearer: string | undefined): Newcomer {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) refuse('body');
  const { token = bearer, public_key, hostname, listens = 'go' } = body as Record<string, unknown>;
  if (typeof token !== 'string') refuse('token');
  if (!isWireguardKey(public_key)) refuse('public_key');
  if (!isHostname(hostname)) refuse('hostname');
  if (!isListener(listens)) refuse('listens');
  if (!isEnrolmentToken(token)) throw problem('notAuthenticated');
  return { token, publicKey: public_key, hostname, listens };
}

const isListener = (value: unknown): value is Newcomer['listens'] => HTTP_LISTENERS.some((each) => each === value);

function refuse(field: string): never {
  throw problem('invariantViolation', { field });
}
