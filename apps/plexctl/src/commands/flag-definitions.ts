import {
  PUBLIC_ALGORITHM_NAMES,
  channelSlug,
  isKeyId,
  isNodeName,
  isScope,
  isUuid,
  isWords,
  type AlgorithmName,
} from '@plexsphere/wire';

/** The flags that several commands have, described once. */

export const SCOPE_FLAG = {
  value: 'scope',
  summary: 'platform, domain:<uuid> or issuer:<slug>',
  accepts: isScope,
  expected: 'platform, domain:<uuid> or issuer:<slug> (in lower case)',
  required: true,
  instead: (text: string): string | undefined => {
    const slug = channelSlug(text);
    return slug && `${bothOf(slug)}: name one; plexctl channel show --slug ${slug} shows its sides`;
  },
} as const;

const bothOf = (slug: string): string =>
  `channel:${slug} is two rings, channel:${slug}:<a>-to-<b> and channel:${slug}:<b>-to-<a>`;

/** A ring of any kind, or the two of a channel. */
export const RINGS_FLAG = {
  value: 'scope',
  summary: 'platform, domain:<uuid>, issuer:<slug>, channel:<slug>:<a>-to-<b>, or channel:<slug> for both directions',
  accepts: (text: string): boolean => isScope(text) || channelSlug(text) !== undefined,
  expected:
    'platform, domain:<uuid>, issuer:<slug>, channel:<slug>:<a>-to-<b>, or channel:<slug> (in lower case; a side has no dash)',
  required: true,
} as const;

/** Where Nodes are, and what signs for them. */
export const MESH_SCOPE_FLAG = {
  ...SCOPE_FLAG,
  summary: 'platform or domain:<uuid>',
  expected: 'platform or domain:<uuid> (in lower case)',
  instead: (text: string): string | undefined => {
    const slug = channelSlug(text);
    return slug && `${bothOf(slug)}, without Nodes: plexctl channel show --slug ${slug} shows its members`;
  },
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

export const NAME_FLAG = {
  value: 'name',
  accepts: isNodeName,
  expected: 'at most 63 letters, digits, dots, dashes or _, beginning with a letter or a digit',
} as const;

export const UUID_FLAG = {
  value: 'uuid',
  accepts: isUuid,
  expected: 'a UUID in lower case',
} as const;

export const oneOf = <const T extends readonly string[]>(choices: T) =>
  ({
    value: choices.join('|'),
    oneOf: choices,
    accepts: (text: string): boolean => choices.includes(text),
    expected: `one of ${choices.join(', ')}`,
  }) as const;

/** As JOSE calls that of Ed25519 keys: both words are taken. */
const JOSE_NAME = 'EdDSA';

export const ALGORITHM_FLAG = oneOf([...PUBLIC_ALGORITHM_NAMES, JOSE_NAME]);

export const algorithmNamed = (word: string | undefined): AlgorithmName | undefined =>
  word === JOSE_NAME ? 'Ed25519' : (word as AlgorithmName | undefined);

export const REASON_FLAG = {
  value: 'text',
  summary: 'for the audit log; at most 500 characters',
  accepts: isWords,
  expected: '1 to 500 characters in one line',
} as const;

export const PLAN_FLAG = { summary: 'show what it would do and what would block it; changes nothing' } as const;
