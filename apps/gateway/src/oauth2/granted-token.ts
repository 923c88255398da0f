import type { ClientRow } from '../views/client-views';
import { invalidRequest, OAuthError } from './oauth-error';
import type { Form } from './form';

/** What a client is given of what it asks for: the members of a token that are the client's to choose. */
export interface GrantedToken {
  audience: string;
  tokenScopes: string[];
  /** In whole seconds. */
  lifeSeconds: number;
}

export const GRANT_TYPE = 'client_credentials';

/**
 * RFC 6749, section 4.4: no more than the client may have. Of scopes that it names all have to be its own, and without any
 * it gets them all; of audiences (RFC 8707: `resource`) one, without any its first.
 *
 * @throws OAuthError unsupported_grant_type, invalid_scope, invalid_target, invalid_request
 */
export function grantedToken(
  form: Form,
  { tokenScopes, audiences, ttlSeconds }: Pick<ClientRow, 'tokenScopes' | 'audiences' | 'ttlSeconds'>,
  longestSeconds: number,
): GrantedToken {
  if (form.grant_type === undefined) throw invalidRequest('grant_type is missing');
  if (form.grant_type !== GRANT_TYPE) throw new OAuthError('unsupported_grant_type', `only ${GRANT_TYPE} is served`);
  return {
    audience: audienceOf(form, audiences),
    tokenScopes: scopesOf(form, tokenScopes),
    lifeSeconds: Math.min(ttlSeconds ?? longestSeconds, longestSeconds),
  };
}

function scopesOf({ scope }: Form, own: readonly string[]): string[] {
  if (scope === undefined) return [...own];
  const asked = [...new Set(scope.split(' '))].filter((word) => word !== '');
  if (asked.length === 0 || !asked.every((word) => own.includes(word))) {
    throw new OAuthError('invalid_scope', 'the client has not all of these scopes');
  }
  return asked;
}

function audienceOf({ resource, audience }: Form, own: readonly string[]): string {
  if (resource !== undefined && audience !== undefined) throw invalidRequest('resource and audience are the same');
  const asked = resource ?? audience ?? own[0];
  if (asked === undefined || !own.includes(asked)) {
    throw new OAuthError('invalid_target', 'the client has no tokens for this audience');
  }
  return asked;
}
