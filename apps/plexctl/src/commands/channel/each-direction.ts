/**
 * `channel:<slug>` on a command line: both directions of a channel, each asked for by a command of its own. What becomes of
 * one does not keep the other from being tried.
 */
import { randomUUID } from 'node:crypto';
import { channelSlug, uuidOf } from '@plexsphere/wire';
import type { ChannelRingView } from '@plexsphere/wire/commands';
import type { Bus, Flags, Invocation } from '../../command';
import { explain } from '../../explain';
import { Failure, misuse } from '../../failure';
import type { Result, Table } from '../../render';
import { UUID_FLAG } from '../flag-definitions';

/** One direction, and the command as it is for it alone. */
export interface Direction<F extends Flags> {
  scope: string;
  ring: ChannelRingView;
  invocation: Invocation<F>;
}

export type Outcome<F extends Flags, Done = Result> = Direction<F> & ({ done: Done } | { failure: Failure });

/** Each direction's request has an id made of this one and its scope: who names it again has only the rest done. */
export const REQUEST_ID_FLAG = {
  'request-id': {
    ...UUID_FLAG,
    member: 'request_id',
    summary: 'of channel:<slug>: that of an earlier try within a day, to have the rest of it done',
  },
} as const satisfies Flags;

export function checkRequestId({
  scope,
  'request-id': id,
}: {
  scope: string | undefined;
  'request-id': string | undefined;
}): void {
  if (id !== undefined && channelSlug(scope) === undefined)
    throw misuse('--request-id is for channel:<slug> alone', 'request_id');
}

export const isBoth = (scope: string | undefined): boolean => channelSlug(scope) !== undefined;

/** What a command that is asked for both directions goes on by. */
export class BothDirections<F extends Flags> {
  private readonly requestId: string;
  private hasChanged = false;
  private stop: AbortSignal | undefined;

  constructor(
    private readonly invocation: Invocation<F>,
    private readonly flags: F,
  ) {
    const { 'request-id': given } = invocation.flags as { 'request-id'?: string };
    this.requestId = given ?? randomUUID();
  }

  async directions(): Promise<Direction<F>[]> {
    const { flags, bus } = this.invocation;
    const slug = channelSlug((flags as { scope?: string }).scope) ?? '';
    const { rings } = await bus.ask('channel.show', { slug });
    return rings.map((ring) => ({
      ...{ scope: ring.scope, ring },
      invocation: { ...this.invocation, flags: { ...flags, scope: ring.scope }, bus: this.busFor(ring.scope) },
    }));
  }

  /** One after the other: of two at once nobody could tell what was said about which. */
  async each<Done>(
    directions: readonly Direction<F>[],
    run: (direction: Direction<F>) => Promise<Done>,
  ): Promise<Outcome<F, Done>[]> {
    const { terminal } = this.invocation;
    const outcomes: Outcome<F, Done>[] = [];
    for (const direction of directions) {
      terminal.speakOf(direction.scope);
      outcomes.push({ ...direction, ...(await this.tried(direction, run)) });
    }
    terminal.speakOf(undefined);
    return outcomes;
  }

  /** A row each, or what each shows one below the other; as a document an array. */
  result(outcomes: readonly Outcome<F>[]): Result {
    const failures = outcomes.flatMap((outcome) => {
      const failure = 'failure' in outcome ? outcome.failure : outcome.done.failure;
      return failure === undefined ? [] : [of(outcome.scope, failure)];
    });
    this.noteRest(outcomes);
    if (outcomes.every((outcome) => 'failure' in outcome)) return { text: '', document: undefined, failures };
    return { text: textOf(outcomes), document: outcomes.map(documentOf), failures };
  }

  private async tried<Done>(
    direction: Direction<F>,
    run: (direction: Direction<F>) => Promise<Done>,
  ): Promise<{ done: Done } | { failure: Failure }> {
    const { scope } = direction;
    // Who pressed Ctrl-C wants nothing more to be begun.
    if (this.stop?.aborted === true) return { failure: new Failure(1, 'not tried: interrupted') };
    try {
      return { done: await run(direction) };
    } catch (error) {
      return { failure: await explain(error, { scope, command: { flags: this.flags, asks: 'bus' } }) };
    }
  }

  private busFor(scope: string): Bus {
    const { bus, interrupted } = this.invocation;
    const requestId = uuidOf(this.requestId, scope);
    return {
      endpoint: bus.endpoint,
      ca: bus.ca,
      ask: (command, request) => bus.ask(command, request),
      change: (command, request, ifUnknown) => {
        this.hasChanged = true;
        this.stop ??= interrupted();
        return bus.change(command, { ...request, request_id: requestId }, ifUnknown);
      },
    };
  }

  private noteRest(outcomes: readonly Outcome<F>[]): void {
    const isDone = outcomes.some((outcome) => 'done' in outcome);
    const isUnknown = outcomes.some((outcome) => 'failure' in outcome && outcome.failure.detail === OUTCOME_UNKNOWN);
    const isWhole = outcomes.every((outcome) => 'done' in outcome);
    if (!this.hasChanged || isWhole || !(isDone || isUnknown)) return;
    this.invocation.terminal.note(
      `what is done stays done: the same command with --request-id ${this.requestId} does the rest`,
    );
  }
}

/** Where nothing has to be decided over both. */
export async function inEachDirection<F extends Flags>(
  invocation: Invocation<F>,
  flags: F,
  run: (invocation: Invocation<F>, ring: ChannelRingView) => Promise<Result>,
): Promise<Result> {
  const both = new BothDirections(invocation, flags);
  return both.result(
    await both.each(await both.directions(), (direction) => run(direction.invocation, direction.ring)),
  );
}

/** As a command that got no answer says (bus-client.ts). */
const OUTCOME_UNKNOWN = 'outcome unknown';

/** A failure that says of which direction it is. */
const of = (scope: string, { exitCode, detail, members, hint, reason, cause }: Failure): Failure =>
  new Failure(exitCode, detail, { scope, ...members }, hint, { reason, cause });

function documentOf<F extends Flags>(outcome: Outcome<F>): unknown {
  if ('done' in outcome) return outcome.done.document;
  const { detail, members, exitCode } = outcome.failure;
  return { scope: outcome.scope, ...members, detail, exit_code: exitCode };
}

function textOf<F extends Flags>(outcomes: readonly Outcome<F>[]): Table | string {
  const tables = outcomes.flatMap((outcome) =>
    'done' in outcome && typeof outcome.done.text !== 'string' ? [outcome.done.text] : [],
  );
  const [first] = tables;
  if (first === undefined) {
    return outcomes
      .flatMap((outcome) =>
        'done' in outcome ? [outcome.done.text as string] : [`${outcome.scope}: ${outcome.failure.detail}`],
      )
      .join('\n\n');
  }
  const isNamed = first.columns[0] === SCOPE;
  const columns = isNamed ? first.columns : [SCOPE, ...first.columns];
  const rows = outcomes.flatMap((outcome) => {
    if ('failure' in outcome) return [[outcome.scope, ...columns.slice(1).map(() => '-')]];
    const { rows: own } = outcome.done.text as Table;
    return isNamed ? own : own.map((row) => [outcome.scope, ...row]);
  });
  return { columns, rows };
}

const SCOPE = 'SCOPE';
