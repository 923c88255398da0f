/** How long PostgreSQL itself says that statements take, by its log: switched on for a while, for the whole server. */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { World } from '../../src/world';

export interface Statement {
  process: string;
  /** When it was over, in milliseconds. */
  at: number;
  ms: number;
  text: string;
}

const LINE = /^(\S+ \S+) \S+ \[(\d+)\] LOG: {2}duration: ([\d.]+) ms {2}(?:execute|statement)[^:]*: (.*)$/;
/** Another process writes the log. */
const WRITTEN_AFTER_MS = 300;

/** What was executed while `work` went on, in its order. */
export async function statementsDuring(world: World, work: () => Promise<unknown>): Promise<Statement[]> {
  const { path } = world.stack.postgres.log;
  const set = async (value: string): Promise<void> => {
    await world.query(`ALTER SYSTEM SET log_min_duration_statement = ${value}`);
    await world.query('SELECT pg_reload_conf()');
    await delay(WRITTEN_AFTER_MS);
  };
  await set('0');
  const { size } = await stat(path);
  try {
    await work();
  } finally {
    await set('-1');
  }
  return parseStatements((await readFile(path)).subarray(size).toString('utf8'));
}

/** A statement of several lines goes on after a tab. */
export function parseStatements(log: string): Statement[] {
  const statements: Statement[] = [];
  for (const line of log.replaceAll('\n\t', ' ').split('\n')) {
    const [, at = '', process = '', ms, text = ''] = LINE.exec(line) ?? [];
    if (ms !== undefined) statements.push({ process, at: Date.parse(`${at}Z`), ms: Number(ms), text: text.trim() });
  }
  return statements;
}

/** The transaction that one of the statements is of, and how long it took from its beginning to its end. */
export function transactionOf(
  statements: readonly Statement[],
  isIt: (statement: Statement) => boolean,
): { statement: Statement; ms: number } {
  const statement = statements.find(isIt);
  if (statement === undefined) throw new Error('no such statement was executed');
  const own = statements.filter(({ process }) => process === statement.process);
  const place = own.indexOf(statement);
  const began = own.slice(0, place).findLast(({ text }) => /^(BEGIN|START TRANSACTION)/i.test(text));
  const ended = own.slice(place).find(({ text }) => /^COMMIT/i.test(text));
  if (began === undefined || ended === undefined) throw new Error('not in a transaction that was committed');
  return { statement, ms: ended.at - began.at };
}
