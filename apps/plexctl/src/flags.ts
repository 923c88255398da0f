import type { Command, Flag, Flags, ValueFlag } from './command';
import { misuse, type Failure } from './failure';
import { PERSISTENT_FLAGS, type Persistent } from './persistent-flags';
import { nearest } from './suggest';

export type FlagValue = string | boolean | readonly string[];

/** A command line, taken apart. */
export interface CommandLine {
  /** What is neither a flag nor the value of one. */
  words: string[];
  persistent: Persistent;
  flags: Record<string, FlagValue>;
  /** What is wrong with it, if anything: told unless help was asked for. */
  refusal?: Failure;
}

type Given = Map<string, FlagValue>;

export const isValue = (flag: Flag): flag is ValueFlag => 'value' in flag;
export const memberOf = (name: string, flag: Flag): string =>
  (isValue(flag) ? flag.member : undefined) ?? name.replaceAll('-', '_');

/** The words that name the command: persistent flags may stand before and between them, its own after them alone. */
export function leadingWords(args: readonly string[]): string[] {
  const words: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (!isFlag(arg)) {
      words.push(arg);
      continue;
    }
    const flag = flagOf(arg, PERSISTENT_FLAGS);
    if (flag === undefined) break;
    if (isValue(flag) && !arg.includes('=')) index += 1;
  }
  return words;
}

/** Nothing after `--` is a flag. */
export function parse(args: readonly string[], command: Command | undefined): CommandLine {
  const known: Flags = { ...PERSISTENT_FLAGS, ...command?.flags };
  const words: string[] = [];
  const given: Given = new Map();
  const findings: Failure[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      words.push(...args.slice(index + 1));
      break;
    }
    if (!isFlag(arg)) {
      words.push(arg);
      continue;
    }
    try {
      if (take(arg, args[index + 1], known, given)) index += 1;
    } catch (error) {
      findings.push(error as Failure);
    }
  }
  const bare = command === undefined ? [] : words.slice(command.path.length);
  const operand = command?.operand;
  if (operand !== undefined && bare[0] !== undefined) {
    if (given.has(operand))
      findings.push(misuse(`--${operand} is given twice`, memberOf(operand, known[operand] as Flag)));
    else given.set(operand, bare[0]);
  }
  const extra = bare[operand === undefined ? 0 : 1];
  if (extra !== undefined) findings.push(misuse(`unexpected argument: ${JSON.stringify(extra)}`, 'arguments'));
  return {
    words,
    persistent: valuesOf(PERSISTENT_FLAGS, given) as unknown as Persistent,
    flags: valuesOf(command?.flags ?? {}, given),
    ...(findings[0] === undefined ? {} : { refusal: findings[0] }),
  };
}

/** The flag that becomes this member of the request: what a service refuses, the operator finds in the command line. */
export const flagOfMember = (flags: Flags, member: string): string | undefined =>
  Object.entries(flags).find(([name, flag]) => memberOf(name, flag) === member)?.[0];

/** A lone `-` is a value (standard input). */
const isFlag = (arg: string): boolean => arg.startsWith('-') && arg !== '-';

const nameOf = (arg: string): string | undefined => (arg === '-h' ? 'help' : /^--([^=]+)/.exec(arg)?.[1]);

export function flagOf(arg: string, flags: Flags): Flag | undefined {
  const name = nameOf(arg);
  return name !== undefined && Object.hasOwn(flags, name) ? flags[name] : undefined;
}

/** @returns whether the next argument was taken as well. */
function take(arg: string, next: string | undefined, flags: Flags, given: Given): boolean {
  const flag = flagOf(arg, flags);
  if (flag === undefined) throw unknownFlag(arg, flags);
  const name = nameOf(arg) ?? '';
  const assigned = arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined;
  const earlier = given.get(name);
  const isRepeatable = isValue(flag) && flag.repeatable === true;
  if (earlier !== undefined && !isRepeatable) throw misuse(`--${name} is given twice`, memberOf(name, flag));
  if (!isValue(flag)) {
    if (assigned !== undefined) throw misuse(`--${name} takes no value`, memberOf(name, flag));
    given.set(name, true);
    return false;
  }
  const value = assigned ?? next;
  // A key id may begin with a dash, even with two; the next flag taken for a value would be the greater surprise.
  if (value === undefined || (assigned === undefined && value.startsWith('--'))) {
    throw misuse(`--${name} needs a value`, memberOf(name, flag), `write --${name}=<${flag.value}>`);
  }
  given.set(name, isRepeatable ? [...((earlier as readonly string[] | undefined) ?? []), value] : value);
  return assigned === undefined;
}

function unknownFlag(arg: string, flags: Flags): Failure {
  const written = arg.replace(/=.*$/s, '');
  const meant = nearest(written.replace(/^-+/, ''), Object.keys(flags));
  const hint =
    meant === undefined ? 'a command lists its flags under --help; they stand after it' : `did you mean --${meant}?`;
  return misuse(`unknown flag: ${written}`, 'flags', hint);
}

const valuesOf = (flags: Flags, given: Given): Record<string, FlagValue> =>
  Object.fromEntries(
    Object.entries(flags).flatMap(([name, flag]) => {
      const value = given.get(name) ?? absent(flag);
      return value === undefined ? [] : [[name, value]];
    }),
  );

const absent = (flag: Flag): FlagValue | undefined =>
  !isValue(flag) ? false : flag.repeatable === true ? [] : undefined;
