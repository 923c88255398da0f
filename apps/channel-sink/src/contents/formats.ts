/** The text that stands in a target, written and read: key ids and their secrets, as they are spelled there. */

/** A key id, and its secret as it is spelled. */
export type Entry = readonly [keyId: string, secret: string];

interface Format {
  write(entries: readonly Entry[]): string;
  /** Undefined for any other text. */
  read(text: string): Entry[] | undefined;
}

export const FORMATS = {
  /** By hand: a key id may be `__proto__`, and one of digits alone would leave its place. */
  map: {
    write: (entries) => `{${entries.map(([keyId, secret]) => `${quoted(keyId)}:${quoted(secret)}`).join(',')}}`,
    read(text) {
      const members = membersOf(text);
      return members?.every(isEntry) ? members : undefined;
    },
  },
  active: {
    write: ([first]) => (first === undefined ? '{}' : `{"key_id":${quoted(first[0])},"secret":${quoted(first[1])}}`),
    read(text) {
      const members = membersOf(text);
      if (members === undefined || members.length === 0) return members && [];
      const { key_id: keyId, secret } = Object.fromEntries(members);
      const isWhole = typeof keyId === 'string' && typeof secret === 'string' && members.length === 2;
      return isWhole ? [[keyId, secret]] : undefined;
    },
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;

const quoted = (text: string): string => JSON.stringify(text);

const isEntry = (member: readonly [string, unknown]): member is [string, string] => typeof member[1] === 'string';

function membersOf(text: string): [string, unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.entries(value);
  } catch {
    return undefined;
  }
}
