/** What the host itself refuses, and what it was refused, in plexctl's words. */
import { Problem, type ProblemBody } from '@plexsphere/wire';
import type { EdgeError, EdgeErrorCode } from '@plexsphere/edge';
import { Failure } from '../../failure';

const AGAIN = 'nothing is lost: what was begun is kept, and the same command, or the agent, goes on with it';
const DISK = 'the host holds what it held, and works: see to its disk, then run the command again';
const DAMAGED = 'put the folder back as it was, or enrol the host anew: plexctl edge enroll --replace';

const HINTS: Partial<Record<EdgeErrorCode, string>> = {
  not_enrolled: 'plexctl edge enroll makes a Node of this host; --state names another folder',
  already_enrolled: 'this host is a Node already: --replace puts what it holds aside',
  state_damaged: DAMAGED,
  creds_disagree: `key and token are not each other's: ${DAMAGED}`,
  readable_by_others: 'whoever could read it may have the key: chmod 600 it, and plexctl edge keys rotate',
  state_in_use: 'another command works in this folder, or an agent is just starting: run the command again',
  disk_full: DISK,
  read_only: DISK,
  store_failed: DISK,
  unanswered: AGAIN,
  answer_malformed: `whoever answered is no gateway of this installation: ${AGAIN}`,
  not_moved: AGAIN,
  agent_silent: `the agent ended before it answered: ${AGAIN}`,
  agent_malformed: 'the agent may be of another version than plexctl: restart it',
  agent_failed: 'the log of the agent says more',
  socket_path_too_long: 'the path of agent.sock may have 103 bytes: name a shorter folder by --state',
};

const NOT_YOURS = ['EACCES', 'EPERM'];

/** What the work resolves to. @throws Problem where the platform refused: hint and exit code are those of every command */
export async function explained<T>(work: Promise<T>): Promise<T> {
  const { EdgeError: Refusal } = await import('@plexsphere/edge');
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal) throw inWords(error);
    const { code = '', path } = error as NodeJS.ErrnoException;
    if (!NOT_YOURS.includes(code)) throw error;
    throw new Failure(1, 'the folder is not yours', { cause: code, about: path }, 'run it as the user of the agent');
  }
}

function inWords({ code, about, refusal }: EdgeError): Failure | Problem {
  if (refusal !== undefined) return new Problem(withoutHttp(refusal));
  return new Failure(1, code.replaceAll('_', ' '), about === '' ? {} : { about }, HINTS[code]);
}

/** What a refusal has over HTTP alone (RFC 9457). */
const OF_HTTP = ['type', 'status'];

const withoutHttp = ({ code, detail, ...members }: ProblemBody): ProblemBody => ({
  ...Object.fromEntries(Object.entries(members).filter(([name]) => !OF_HTTP.includes(name))),
  ...{ code, detail },
});
