import { setTimeout as delay } from 'node:timers/promises';
import { Problem, problem } from '@plexsphere/wire';

/** As patient as plexctl: rotation refuses a lease so long that its slowest answer would not fit. */
const PATIENCE_MS = 30_000;
/** After so long a silent replica is taken for dead: a copy meets another one, and is answered as the first would be. */
const ASK_AGAIN_MS = 5_000;
/** The bus says at once that nobody listens; a service that restarts is back in seconds. */
const NOBODY_MS = 250;

type End<Reply> = { reply: Reply } | { refused: Problem };

/** Nobody took it, or nobody has answered: it is asked again. */
export const isSilence = (refused: Problem): boolean => refused.is('noAnswer') || refused.is('busUnavailable');

/**
 * One request under one name, repeated until it is answered. What changes something may be done by one copy though another
 * was refused, because a service was slow: a refusal counts once no copy is at work. @throws Problem; noAnswer where one
 * never was answered
 */
export async function inCopies<Reply>(
  ask: (timeoutMs: number) => Promise<Reply>,
  changesSomething: boolean,
): Promise<Reply> {
  const endsAt = performance.now() + PATIENCE_MS;
  const leftMs = (): number => endsAt - performance.now();
  const open = new Map<number, Promise<{ copy: number; end: End<Reply> }>>();
  let refusal: Problem | undefined;
  for (let copy = 1; ; copy++) {
    if (refusal === undefined) {
      const asked = ended(ask(Math.max(1, leftMs())));
      open.set(
        copy,
        asked.then((end) => ({ copy, end })),
      );
    }
    const found = await within(Promise.race(open.values()), Math.min(ASK_AGAIN_MS, leftMs()));
    if (found !== undefined) {
      open.delete(found.copy);
      if ('reply' in found.end) return found.end.reply;
      const { refused } = found.end;
      if (!isSilence(refused)) refusal = refused;
      else if (leftMs() < NOBODY_MS) throw refused;
      else if (refusal === undefined) await delay(NOBODY_MS);
    }
    if (refusal !== undefined && (open.size === 0 || !changesSomething)) throw refusal;
    if (leftMs() <= 0) throw problem('noAnswer');
  }
}

const ended = <Reply>(asked: Promise<Reply>): Promise<End<Reply>> =>
  asked.then(
    (reply) => ({ reply }),
    (refused: unknown) => {
      if (refused instanceof Problem) return { refused };
      throw refused;
    },
  );

async function within<T>(awaited: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([awaited, delay(ms, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
