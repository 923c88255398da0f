import { readFileSync, writeFileSync } from 'node:fs';
import { journalLine, readJournal } from '@plexsphere/disk';

/** What a Node has on its disk, as much of it as somebody here looks at or changes. */
export interface StoredTrust {
  position: number;
  channel_rings: { scope: string; epoch: number; signs_since: string | null; keys: StoredKey[] }[];
}

interface StoredKey {
  key_id: string;
  use: string;
  active: boolean;
  beside_seconds: number | null;
  verifies_until: string | null;
  secret: string;
}

/** The one line with all of it, and the progress that was written behind it. */
export function readTrustFile(path: string): StoredTrust {
  const lines = readJournal(readFileSync(path));
  if (lines === undefined) throw new Error('a trust file that is damaged');
  const [state, ...progress] = lines.map((line) => JSON.parse(line) as StoredTrust);
  return { ...state!, position: (progress.at(-1) ?? state!).position };
}

export const writeTrustFile = (path: string, trust: StoredTrust): void =>
  writeFileSync(path, journalLine(JSON.stringify(trust)).text, { mode: 0o600 });
