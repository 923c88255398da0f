/**
 * A chain in parts that the bus carries. Each but the last is material for the next one and proves nothing by itself; the
 * last ends in a bundle for exactly these two ring epochs.
 */
import type { Told } from '@plexsphere/keyring';
import { CHAIN_STATEMENTS, PLATFORM, type Scope } from '@plexsphere/wire';
import type { ChainPlace } from '../claim/claimed-node';
import type { StatementRow } from './read-statements';

export interface ChainPart {
  /** The two lists, as the beginning of a JSON object. */
  text: string;
  /** What the Node is told of once it stands on the stream. */
  told: Told;
  /** Where the next part goes on; null: this is the last, and needs the bundle. */
  next: ChainPlace | null;
}

/** `rows`: up to one more than a part takes, as readStatements orders them. */
export function chainPart(scope: Scope, from: ChainPlace, upTo: Told, rows: readonly StatementRow[]): ChainPart {
  const taken = rows.slice(0, CHAIN_STATEMENTS);
  const platform = taken.filter((row) => row.scope === PLATFORM);
  const own = taken.filter((row) => row.scope !== PLATFORM);
  const text = listsText(platform, own);
  if (rows.length <= CHAIN_STATEMENTS) return { text, told: upTo, next: null };
  const afterPlatformEpoch = platform.at(-1)?.epoch ?? from.afterPlatformEpoch;
  // A Node of the platform's own scope has one ring under two names.
  const afterEpoch = scope === PLATFORM ? afterPlatformEpoch : (own.at(-1)?.epoch ?? from.afterEpoch);
  return {
    text,
    told: { epoch: afterEpoch, platformEpoch: afterPlatformEpoch },
    next: { afterEpoch, afterPlatformEpoch },
  };
}

const listsText = (platform: readonly StatementRow[], own: readonly StatementRow[]): string => {
  const texts = (rows: readonly StatementRow[]) => rows.map(({ statement }) => statement);
  return JSON.stringify({ platform_statements: texts(platform), statements: texts(own) }).slice(0, -1);
};

/** The whole message; without a bundle more is to come. */
export const chainText = (part: ChainPart, bundle?: string): string =>
  `${part.text},${bundle === undefined ? '"more":true' : `"bundle":${JSON.stringify(bundle)}`}}`;
