import { isKeyId, isScope } from '@plexsphere/wire';

/** The flags that several commands have, described once. */

export const SCOPE_FLAG = {
  value: 'scope',
  summary: 'platform, domain:<uuid>, issuer:<slug> or channel:<slug>',
  accepts: isScope,
  expected: 'platform, domain:<uuid> (in lower case), issuer:<slug> or channel:<slug>',
  required: true,
} as const;

export const keyIdFlag = <const M extends string>(member: M, summary: string) =>
  ({
    value: 'key-id',
    summary,
    member,
    accepts: isKeyId,
    expected: 'a key id: URL-safe, at most 128 characters, beginning with a letter, a digit, _ or -',
    required: true,
  }) as const;
