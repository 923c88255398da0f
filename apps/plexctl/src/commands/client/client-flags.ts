import { isAudience, isClientId, isTokenScope } from '@plexsphere/wire';
import { durationUpTo } from '../../duration';
import { SCOPE_FLAG } from '../flag-definitions';

/** The flags of commands about an issuer's clients. */

export const ISSUER_FLAG = {
  ...SCOPE_FLAG,
  summary: 'the issuer, issuer:<slug>',
  expected: 'issuer:<slug>: small letters, digits and dashes',
} as const;

export const CLIENT_ID_FLAG = {
  value: 'client-id',
  member: 'client_id',
  summary: 'of the client',
  accepts: isClientId,
  expected: 'at most 128 letters, digits, dots, dashes, _ or ~, beginning with a letter or a digit',
  required: true,
} as const;

export const TOKEN_SCOPE_FLAG = {
  value: 'word',
  member: 'token_scopes',
  summary: 'what its tokens may be for, like api; repeat it for more',
  accepts: isTokenScope,
  expected: 'a word without blanks, quotes and backslashes, at most 128 characters',
  required: true,
  repeatable: true,
} as const;

export const AUDIENCE_FLAG = {
  value: 'url',
  member: 'audiences',
  summary: 'whom its tokens may be shown to; repeat it for more, the first is the one where it asks for none',
  accepts: isAudience,
  expected: 'a URL or a name, without blanks, at most 256 characters',
  required: true,
  repeatable: true,
} as const;

export const TTL_FLAG = {
  ...durationUpTo('1d'),
  member: 'ttl_seconds',
  summary: 'how long its tokens live, like 5m; without it, and at the most, what the issuer allows',
} as const;

export const KEEP_OLD_FLAG = {
  ...durationUpTo('30d'),
  member: 'keep_old_seconds',
  summary: 'how long the secret before goes on; without it 24h',
} as const;

export const SHOWN_ONCE = 'this secret is shown once; where it is lost, plexctl client rotate-secret makes another';
