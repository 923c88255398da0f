import type { Bench } from './bench';

export interface BenchOptions {
  names: string[];
  isQuick: boolean;
}

/** What was asked for; a text says what is wrong with it. */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions | string {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const names = args.filter((arg) => !arg.startsWith('-'));
  const unknown = [...flags.filter((flag) => flag !== '--quick'), ...names.filter((name) => !known.includes(name))];
  if (unknown.length === 0) return { names, isQuick: flags.includes('--quick') };
  return `${unknown.join(', ')}: there is no such bench or flag.\n${usage(known)}`;
}

export const usage = (known: readonly string[]): string =>
  `usage: npm run bench [-- name…] [-- --quick]\nbenches: ${[...known].sort().join(' ')}`;

/** Those to run, and by name those that take too long for a quick run. */
export function chosen(
  all: readonly Bench[],
  { names, isQuick }: BenchOptions,
): { benches: Bench[]; leftOut: string[] } {
  const asked = all.filter(({ name, isByNameAlone }) => (names.length === 0 ? !isByNameAlone : names.includes(name)));
  const isTooLong = ({ takesQuickly }: Bench): boolean => isQuick && takesQuickly === undefined;
  return {
    benches: asked.filter((bench) => !isTooLong(bench)),
    leftOut: asked.filter(isTooLong).map(({ name }) => name),
  };
}

/** Those that share a stack one after the other: any other bench ends it, and it would be brought up again. */
export const runOrder = (benches: readonly Bench[]): Bench[] => [
  ...benches.filter(({ sharesStack }) => sharesStack),
  ...benches.filter(({ sharesStack }) => !sharesStack),
];
