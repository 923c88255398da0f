/** How long PostgreSQL itself says that statements take, by its log: switched on for a while, for the whole server. */
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
/** Every process of the server has read its configuration anew by then. */
const READ_AFTER_MS = 300;

/** What was executed while some work went on, in its order. */
export type StatementsDuring = (work: () => Promise<unknown>) => Promise<Statement[]>;

/**
 * For as long as `measure` takes: to switch it on takes longer than most of what is measured. Whoever has an answer of the
 * server's finds its line in the log, which is written before.
 */
export async function withStatementTimes<Result>(
  world: World,
  measure: (statementsDuring: StatementsDuring) => Promise<Result>,
): Promise<Result> {
  const { log } = world.stack.postgres;
  const set = async (value: string): Promise<void> => {
    await world.query(`ALTER SYSTEM SET log_min_duration_statement = ${value}`);
    await world.query('SELECT pg_reload_conf()');
  };
  await set('0');
  await delay(READ_AFTER_MS);
  try {
    return await measure(async (work) => {
      const { size } = log;
      await work();
      return parseStatements(log.textFrom(size));
    });
  } finally {
    await set('-1');
  }
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
