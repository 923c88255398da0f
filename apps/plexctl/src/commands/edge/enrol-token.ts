/** The enrolment token that somebody was handed: a secret, so never a flag's value. */
import { isBearer } from '@plexsphere/wire';
import type { Surroundings } from '../../command';
import { misuse } from '../../failure';
import { readInput } from '../../input';
import { stopped } from '../../person';
import { readSmallFile } from '../../small-file';

const FLAG = 'enroll-token-file';
/** With all that plexctl node enroll-token --output json says beside it. */
const MOST_BYTES = 4_096;

export const ENROL_TOKEN_FLAGS = {
  [FLAG]: {
    value: 'file',
    summary:
      'file with the token of plexctl node enroll-token; without it, or by -, it is typed or read from standard input',
  },
} as const;

export async function readEnrolToken(path: string | undefined, around: Surroundings): Promise<string> {
  const person = path === undefined ? around.person() : undefined;
  if (person !== undefined) {
    const typed = await person.secret('Enrolment token: ');
    if (typed === undefined) throw stopped();
    return tokenIn(typed);
  }
  const isFile = path !== undefined && path !== '-';
  return tokenIn(
    isFile
      ? readSmallFile(path, { flag: FLAG, mostBytes: MOST_BYTES, isSecret: true })
      : await readInput('-', FLAG, around.stdin(), around.terminal),
  );
}

/** The bare token, or the document that it was printed in. */
function tokenIn(text: string): string {
  const bare = text.trim();
  const token = bare.startsWith('{') ? memberOf(bare) : bare;
  if (typeof token === 'string' && isBearer(token)) return token;
  const hint = 'hand over what plexctl node enroll-token --output json has printed, or the token alone';
  throw misuse(`--${FLAG} holds no enrolment token`, 'enroll_token_file', hint);
}

function memberOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { token?: unknown }).token;
  } catch {
    return undefined;
  }
}
