import type { AccessToken } from './access-token';
import { GuardOptionError } from './guard-option-error';

/** What a route wants of a token beside that it is good. */
export interface Requirement {
  /** One or more, with a space between each: the token has to have all of them. */
  scope?: string | undefined;
}

/** RFC 6749, section 3.3. */
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/**
 * Where routes are set up: one that wants a scope that no token can have is a mistake.
 * @throws GuardOptionError
 */
export function readRequirement({ scope }: Requirement): Requirement {
  if (scope !== undefined && !SCOPES.test(scope))
    throw new GuardOptionError('scope', 'has to be one or more scopes, with a space between each');
  return { scope };
}

export const lacksScope = ({ scopes }: AccessToken, scope = ''): boolean =>
  scope.split(' ').some((each) => each !== '' && !scopes.includes(each));
