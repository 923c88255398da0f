/** How a fleet run is ordered, and the request that it makes. */
import { DEFAULT_FLEET, FLEET_MODES, FLEET_ON_ERROR } from '@plexsphere/wire';
import type { PlanFleet } from '@plexsphere/wire/commands';
import type { Values } from '../../command';
import { secondsOf } from '../../duration';
import { TARGET_FLAG, targetsOf } from './targets';

type Mode = Pick<PlanFleet, 'mode' | 'batch'>;
type OnError = Pick<PlanFleet, 'on_error' | 'stop_after'>;

const countOf = (text: string | undefined, least: number, most: number): number | undefined =>
  text !== undefined && /^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most
    ? Number(text)
    : undefined;

/** `word` or `word=<count>`. */
function worded<Word extends string>(text: string, words: readonly Word[]): [word: Word, count?: string] | undefined {
  const [, written, count] = /^([a-z-]+)(?:=(.*))?$/.exec(text) ?? [];
  const word = words.find((each) => each === written);
  return word === undefined ? undefined : count === undefined ? [word] : [word, count];
}

export function modeOf(text: string): Mode | undefined {
  const [mode, count] = worded(text, FLEET_MODES) ?? [];
  if (mode === undefined) return undefined;
  if (mode !== 'rolling') return count === undefined ? { mode } : undefined;
  const batch = count === undefined ? DEFAULT_FLEET.batch : countOf(count, 1, 1_000);
  return batch === undefined ? undefined : { mode, batch };
}

export function onErrorOf(text: string): OnError | undefined {
  const [onError, count] = worded(text, FLEET_ON_ERROR) ?? [];
  if (onError === undefined) return undefined;
  if (onError !== 'stop-after') return count === undefined ? { on_error: onError } : undefined;
  const stopAfter = countOf(count, 0, 100_000);
  return stopAfter === undefined ? undefined : { on_error: onError, stop_after: stopAfter };
}

const isDeadline = (text: string): boolean => {
  const seconds = secondsOf(text);
  return seconds !== undefined && seconds >= 5 && seconds <= 86_400;
};

const { mode, batch, on_error: onError, deadline_seconds: deadline } = DEFAULT_FLEET;
const DEFAULTS = { mode: `${mode}=${batch}`, 'on-error': onError, deadline: `${deadline}s` } as const;

export const ORDER_FLAGS = {
  target: { ...TARGET_FLAG, required: true },
  mode: {
    value: 'mode',
    summary: `how many at once: sequential, rolling=<count> or parallel (default: ${DEFAULTS.mode})`,
    accepts: (text: string): boolean => modeOf(text) !== undefined,
    expected: 'sequential, rolling=<count> with 1 to 1000, or parallel',
  },
  'on-error': {
    value: 'policy',
    summary: `when no further wave begins: continue, stop-after=<count> or fail-fast (default: ${DEFAULTS['on-error']})`,
    accepts: (text: string): boolean => onErrorOf(text) !== undefined,
    expected: 'continue, stop-after=<count>, or fail-fast',
  },
  deadline: {
    value: 'duration',
    summary: `for each Node, from the beginning of its wave (default: ${DEFAULTS.deadline})`,
    member: 'deadline_seconds',
    accepts: isDeadline,
    expected: 'a duration of 5s to 1d: 60s, 10m, 1h',
  },
} as const;

export const orderOf = (flags: Values<typeof ORDER_FLAGS>): PlanFleet => ({
  targets: targetsOf(flags.target),
  ...(modeOf(flags.mode ?? DEFAULTS.mode) as Mode),
  ...(onErrorOf(flags['on-error'] ?? DEFAULTS['on-error']) as OnError),
  deadline_seconds: secondsOf(flags.deadline ?? DEFAULTS.deadline) as number,
});
