/**
 * A chain in parts that the bus carries. Each but the last is material for the next one and proves nothing by itself; the
 * last ends in a bundle for exactly these two ring epochs.
 */
import { chainPart, type ChainPart, type ChainPlace } from '@plexsphere/keyring';
import { CHAIN_STATEMENTS } from '@plexsphere/wire';
import type { StatementRow, Statements } from './read-statements';

export interface WrittenPart {
  part: ChainPart;
  /** The two lists, as the beginning of a JSON object. */
  text: string;
}

/** `ahead`: of each list up to one statement more than a part takes. */
export function writePart(from: ChainPlace, ahead: Statements, most = CHAIN_STATEMENTS): WrittenPart {
  const epochs = (rows: readonly StatementRow[]): number[] => rows.map(({ epoch }) => epoch);
  const part = chainPart(from, { platform: epochs(ahead.platform), own: epochs(ahead.own) }, most);
  return { part, text: listsText(ahead, part) };
}

const listsText = (ahead: Statements, part: ChainPart): string => {
  const texts = (rows: readonly StatementRow[], { length }: readonly number[]): string[] =>
    rows.slice(0, length).map(({ statement }) => statement);
  const lists = {
    platform_statements: texts(ahead.platform, part.platform),
    statements: texts(ahead.own, part.own),
  };
  return JSON.stringify(lists).slice(0, -1);
};

/** The whole message; without a bundle more is to come. */
export const chainText = ({ text }: WrittenPart, bundle?: string): string =>
  `${text},${bundle === undefined ? '"more":true' : `"bundle":${JSON.stringify(bundle)}`}}`;
