import { isScope, issuerScope } from '@plexsphere/wire';

export const SLUG_FLAG = {
  value: 'slug',
  member: 'scope',
  summary: 'of the issuer: its scope is issuer:<slug>',
  accepts: (text: string) => isScope(issuerScope(text)),
  expected: 'at most 63 small letters, digits and dashes, with no dash at either end',
} as const;
