import { issuerSlug, type Scope } from './scope';

const LONGEST = 255;
/** On one machine nobody listens in between. Elsewhere whoever fetches keys must know whom from. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * What an issuer calls itself in its tokens. Verifiers compare it as text, so it has one spelling: an origin, and behind it
 * nothing, or the path under which that very issuer is served beside others.
 */
export function isIssuerUrl(text: unknown, scope: Scope): text is string {
  if (typeof text !== 'string' || text.length > LONGEST || !URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) return false;
  return text === origin || text === origin + issuerPath(scope);
}

/** Whether an issuer is served at the root of its host: there is one such at most, the default one. */
export const isAtRoot = (url: string): boolean => url === new URL(url).origin;

/** Where any issuer is served. */
export const issuerPath = (scope: Scope): string => `/issuers/${issuerSlug(scope)}`;
