/** The token of a request: from the Authorization header alone (RFC 6750, section 2.1), never a body or a query. */

/** What of a request is looked at: node:http's own, and whatever is made like it. */
export interface BearerRequest {
  headers: { authorization?: string | undefined };
  rawHeaders?: readonly string[] | undefined;
  /** Of a request of Fastify's, which has no raw headers of its own: Nest hands that on. */
  raw?: { rawHeaders?: readonly string[] | undefined } | undefined;
}

const BEARER = /^Bearer(?= |$)/i;
const TOKEN = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

export function bearerToken(request: BearerRequest): { token: string } | 'token_missing' | 'request_malformed' {
  const { authorization } = request.headers;
  if (authorization === undefined) return 'token_missing';
  // Node.js takes the first of several and says nothing; what stands before us may have taken the last.
  if (countOf('authorization', request.rawHeaders ?? request.raw?.rawHeaders ?? []) > 1) return 'request_malformed';
  if (!BEARER.test(authorization)) return 'token_missing';
  const token = TOKEN.exec(authorization)?.[1];
  return token === undefined ? 'request_malformed' : { token };
}

/** Names and values stand in turns. */
const countOf = (name: string, rawHeaders: readonly string[]): number =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.length === name.length && text.toLowerCase() === name)
    .length;
