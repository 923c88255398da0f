/**
 * What commands on a host ask the agent that runs there, over the socket in its state folder: a line of JSON each way, then the
 * end. Whoever may open the socket may read the Node key, so nobody says here who they are.
 */
import type { ProblemBody } from '@plexsphere/wire';
import { EdgeError, type EdgeErrorCode } from '../edge-error';

/** In the state folder. */
export const AGENT_SOCKET = 'agent.sock';

/** In bytes, with the line's end. */
export const MOST_ASK_BYTES = 1_024;
export const MOST_ANSWER_BYTES = 65_536;

export type AgentAsk =
  | { ask: 'status' }
  | { ask: 'rotate'; keep_old_ms: number }
  | { ask: 'refresh' }
  | { ask: 'logout'; local_only: boolean };

type AgentAnswer = { answer: unknown } | { refused: { code: EdgeErrorCode; about: string; refusal?: ProblemBody } };

/** A year and a day. */
export const LONGEST_KEPT_MS = 366 * 86_400_000;

export const askLine = (ask: AgentAsk): string => `${JSON.stringify(ask)}\n`;

/** Undefined for whatever is no ask. */
export function readAsk(line: string): AgentAsk | undefined {
  const { ask, ...more } = objectOf(line) ?? {};
  const { keep_old_ms: keptMs, local_only: isLocal } = more;
  const has = (...names: string[]): boolean => Object.keys(more).join() === names.join();
  if ((ask === 'status' || ask === 'refresh') && has()) return { ask };
  if (ask === 'logout' && has('local_only') && typeof isLocal === 'boolean') return { ask, local_only: isLocal };
  if (ask === 'rotate' && has('keep_old_ms') && isSpan(keptMs)) return { ask, keep_old_ms: keptMs };
  return undefined;
}

const isSpan = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LONGEST_KEPT_MS;

export const answerLine = (answer: AgentAnswer): string => `${JSON.stringify(answer)}\n`;

/** What the agent said. @throws EdgeError: what it refused by, or `agent_malformed` */
export function readAnswer(line: string): unknown {
  const said = objectOf(line);
  if (said !== undefined && 'answer' in said) return said['answer'];
  const { code, about, refusal } = (said?.['refused'] ?? {}) as {
    code?: unknown;
    about?: unknown;
    refusal?: ProblemBody;
  };
  if (typeof code !== 'string' || typeof about !== 'string') throw new EdgeError('agent_malformed');
  // One of an agent of another version may be none of ours: it is told as it came.
  throw new EdgeError(code as EdgeErrorCode, about, refusal);
}

/** Of what was not foreseen the name alone: its text may be anything. */
export function refusalOf(error: unknown): AgentAnswer {
  if (!(error instanceof EdgeError)) {
    return { refused: { code: 'agent_failed', about: (error as Error | undefined)?.name ?? '' } };
  }
  const { code, about, refusal } = error;
  return { refused: { code, about, ...(refusal === undefined ? {} : { refusal }) } };
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Neither an ask nor an answer.
    return undefined;
  }
}
