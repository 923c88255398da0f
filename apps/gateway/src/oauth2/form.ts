import { invalidRequest } from './oauth-error';

/** Of all that is asked here; what else a client sends is passed over (RFC 6749, section 3.2). */
export const PARAMETERS = [
  'grant_type',
  'scope',
  'resource',
  'audience',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'token',
  'token_type_hint',
] as const;
export type Parameter = (typeof PARAMETERS)[number];

export type Form = Readonly<Partial<Record<Parameter, string>>>;

/**
 * A form as it stands in a body, application/x-www-form-urlencoded. One without a value is as if it were not there.
 * @throws OAuthError invalid_request for what is no form in UTF-8, and for a parameter that stands there twice
 */
export function parseForm(text: string): Form {
  const form: Partial<Record<Parameter, string>> = {};
  const seen = new Set<string>();
  for (const pair of text.split('&')) {
    const [name, value] = [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)];
    const parameter = decoded(name);
    if (!isParameter(parameter)) continue;
    if (seen.has(parameter)) throw invalidRequest('a parameter stands there twice');
    seen.add(parameter);
    const said = pair.includes('=') ? decoded(value) : '';
    if (said !== '') form[parameter] = said;
  }
  return form;
}

/** @throws OAuthError invalid_request */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest('the request is not in form encoding');
  }
}

const isParameter = (name: string): name is Parameter => (PARAMETERS as readonly string[]).includes(name);
