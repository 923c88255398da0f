import { parseArgs } from 'node:util';
import { CHAPTER_NAMES, type ChapterName } from './chapters';

export interface DemoOptions {
  json: boolean;
  nodes: number;
  chapters: readonly ChapterName[];
}

export const DEMO_USAGE = `Usage: npm run demo [-- [CHAPTER] [--json] [--nodes N]]

  CHAPTER    ${CHAPTER_NAMES.join(', ')}; all of them without one
  --json     one JSON object as the last line of standard output
  --nodes N  how many Nodes listen on the bus (50), beside the ten over HTTP
`;

/** A command line that cannot be followed; the message is a sentence for whoever typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One falls asleep, another stays awake. */
const FEWEST_NODES = 2;
const MOST_NODES = 500;

/** @throws UsageError */
export function parseDemoOptions(args: string[]): DemoOptions {
  const { values, positionals } = parse(args);
  return { json: values.json, nodes: nodesOf(values.nodes), chapters: chaptersOf(positionals) };
}

function parse(args: string[]) {
  try {
    const options = { json: { type: 'boolean', default: false }, nodes: { type: 'string', default: '50' } } as const;
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.`);
  }
}

function chaptersOf(names: readonly string[]): readonly ChapterName[] {
  if (names.length > 1) throw new UsageError('One chapter is told, or all of them.');
  if (names.length === 0) return CHAPTER_NAMES;
  const chapter = CHAPTER_NAMES.find((name) => name === names[0]);
  if (chapter === undefined)
    throw new UsageError(`There is no chapter ${JSON.stringify(names[0])}: there are ${CHAPTER_NAMES.join(', ')}.`);
  return [chapter];
}

function nodesOf(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < FEWEST_NODES || Number(text) > MOST_NODES)
    throw new UsageError(`--nodes must be a number from ${FEWEST_NODES} to ${MOST_NODES}.`);
  return Number(text);
}
