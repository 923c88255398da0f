import type { ChangingCommand, Command as BusCommand, ReadingCommand, ReplyOf, RequestOf } from '@plexsphere/wire';
import type { Endpoint } from './endpoint';
import type { Input } from './input';
import type { Person } from './person';
import type { Output, Result } from './render';
import type { Terminal } from './terminal';

/** A flag that takes a value. `--name value` and `--name=value` are the same. */
export interface ValueFlag {
  value: string;
  summary: string;
  required?: boolean;
  /** The flag that lifts `required` where it is given. */
  unless?: string;
  /** May be given more than once; its values are an array, empty where it is not given. */
  repeatable?: boolean;
  /** The only values it takes: for `accepts`, for people and for completion. */
  oneOf?: readonly string[];
  /** The member of the request that it becomes, where that is not the flag's name with underscores. */
  member?: string;
  accepts?: (text: string) => boolean;
  /** What `accepts` accepts, for people. */
  expected?: string;
  /** What to write instead of a value that is not accepted, where that can be told of it. */
  instead?: (text: string) => string | undefined;
}

interface SwitchFlag {
  summary: string;
}

export type Flag = ValueFlag | SwitchFlag;
export type Flags = Readonly<Record<string, Flag>>;

/** The flags of a command as it finds them when it runs: required ones are there, all are well-formed. */
export type Values<F extends Flags> = { [K in keyof F]: Value<F[K]> };

type Value<F extends Flag> = F extends { repeatable: true }
  ? readonly string[]
  : F extends { required: true; unless: string }
    ? string | undefined
    : F extends { required: true }
      ? string
      : F extends ValueFlag
        ? string | undefined
        : boolean;

/** One command, in one place: parser, help, completion and documentation are all made from this. */
export interface Command<F extends Flags = Flags> {
  /** `['signing', 'rotate']`: nouns and a verb, or one word. */
  path: readonly string[];
  /** A paragraph or two for `--help`. What it is for in one line stands in commands/summaries.ts. */
  about: string;
  flags: F;
  /** The flag whose value may stand behind the command as a bare word. */
  operand?: keyof F & string;
  examples: readonly string[];
  /** Who is asked. The bus's endpoint and the token file are checked before a `bus` command runs. */
  asks: 'bus' | 'database' | 'nobody';
  /** What it goes by on the bus, where that is not its path. */
  onBus?: BusCommand;
  /** Whether it asks nobody after all. */
  asksNobody?(flags: Values<F>): boolean;
  /** Rules that span flags. Throws Failure 2; runs before anything is read or dialled. */
  check?(flags: Values<F>): void;
  /** @returns nothing where all that there was to show has been shown. */
  run(invocation: Invocation<F>): Promise<Result | undefined>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the process gives. */
export interface Surroundings {
  env: Environment;
  /** Opening standard input costs time, and most commands never look at it. */
  stdin: () => Input;
  terminal: Terminal;
  /** Who can be asked; undefined where nobody sits at a terminal. */
  person: () => Person | undefined;
  /** From the call on, Ctrl-C aborts this instead of the process. */
  interrupted: () => AbortSignal;
  /** Ends early, without an error, when `stop` aborts. */
  pause: (ms: number, stop: AbortSignal) => Promise<void>;
}

export interface Invocation<F extends Flags = Flags> extends Surroundings {
  flags: Values<F>;
  output: Output;
  /** Whether an address that is neither loopback nor TLS is accepted. */
  insecure: boolean;
  bus: Bus;
}

export interface Bus {
  endpoint: Endpoint;
  /** The certificates in PEM that it was told to trust. */
  ca?: string | undefined;
  ask<C extends ReadingCommand>(command: C, request: RequestOf<C>): Promise<ReplyOf<C>>;
  /** Gives the request its id, unless it has one. `ifUnknown` tells how to find out, should no answer come, whether it was done. */
  change<C extends ChangingCommand>(command: C, request: RequestOf<C>, ifUnknown: string): Promise<ReplyOf<C>>;
}

/** Keeps each flag's own type for `run`, and forgets it for the table of commands. */
export const command = <const F extends Flags>(definition: Command<F>): Command => definition as unknown as Command;
