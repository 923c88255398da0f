import { parseArgs } from 'node:util';
import { SERVICES, type Replicas } from '@plexsphere/wire';

export interface StartOptions extends Replicas {
  detach: boolean;
  /** Variables for rotation. */
  rotationEnv: Record<string, string>;
}

/** The same for the replicas of every service, under the flag that counts them. */
const forEachService = <T>(make: (flag: keyof Replicas, title: string) => T): Record<keyof Replicas, T> =>
  Object.fromEntries(Object.values(SERVICES).map(({ replicas: flag, title }) => [flag, make(flag, title)])) as Record<
    keyof Replicas,
    T
  >;

const REPLICA_LINES = forEachService((flag, title) => `  --${`${flag} <n>`.padEnd(20)} replicas of ${title} (2)`);

export const START_USAGE = `Usage: npm start -- [flags]

Brings the stack up on this machine and keeps it up until Ctrl-C, or until npm stop with --detach.

  --detach               return once everything is ready; the stack goes on in the background
${Object.values(REPLICA_LINES).join('\n')}
  --overlap-window <d>   how long both keys verify, such as 30s, 10m or 24h (24h)
  --allow-short-overlap  accept an overlap window below the safe sum: for laboratories and tests
  --lease <d>            how long a signer may sign without asking again (10s)
`;

/** A command line that cannot be followed; the message is a sentence for whoever typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const MOST_REPLICAS = 16;

/** @throws UsageError */
export function parseStartOptions(args: string[]): StartOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    detach: values.detach ?? false,
    ...forEachService((flag) => replicas(flag, values[flag])),
    rotationEnv: {
      ...duration('overlap-window', values['overlap-window']),
      ...duration('lease', values.lease),
      ...(values['allow-short-overlap'] ? { PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true' } : {}),
    },
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        detach: { type: 'boolean' },
        ...forEachService(() => ({ type: 'string' }) as const),
        'overlap-window': { type: 'string' },
        'allow-short-overlap': { type: 'boolean' },
        lease: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.`);
  }
}

function replicas(flag: string, text = '2'): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > MOST_REPLICAS)
    throw new UsageError(`--${flag} must be a number from 1 to ${MOST_REPLICAS}.`);
  return Number(text);
}

/** Only the form is looked at; whether the policy allows it is rotation's to say, with the sum. */
function duration(flag: string, text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  if (!/^\d{1,9}(ms|s|m|h|d)$/.test(text))
    throw new UsageError(`--${flag} must be a duration such as 500ms, 30s, 10m or 24h.`);
  return { [`PLEXSPHERE_${flag.toUpperCase().replaceAll('-', '_')}`]: text };
}
