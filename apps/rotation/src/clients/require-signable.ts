import type { IssuerEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { CreateClient } from '@plexsphere/wire/commands';
import { MAX_TOKEN_LENGTH, longestToken } from '@plexsphere/wire/jws';

/**
 * What no signer would ever sign for it is refused when a client is entered, not when it asks for its first token at night.
 * A ceiling that is lowered afterwards cuts its tokens short; the client stays as it is.
 * @throws Problem invariantViolation, field `ttl_seconds` or `token_scopes`
 */
export function requireSignable(
  { client_id, token_scopes, audiences, ttl_seconds }: CreateClient,
  { url, longestTokenMs }: Pick<IssuerEntity, 'url' | 'longestTokenMs'>,
): void {
  const longest = longestTokenMs / 1_000;
  if (ttl_seconds !== undefined && ttl_seconds > longest) {
    const reason = `its issuer lets a token live ${longest} s at the most`;
    throw problem('invariantViolation', { field: 'ttl_seconds', reason, longest_token_seconds: longest });
  }
  // Where it asks for no scope in particular it is given them all, for one audience.
  const [aud = ''] = audiences.toSorted((one, other) => other.length - one.length);
  const length = longestToken({ iss: url, sub: client_id, client_id, aud, scope: token_scopes.join(' ') });
  if (length > MAX_TOKEN_LENGTH) {
    const reason = `a token for all of them could have ${length} characters, and none may have more than ${MAX_TOKEN_LENGTH}`;
    throw problem('invariantViolation', { field: 'token_scopes', reason });
  }
}
