import { isScope, type Traffic } from '@plexsphere/wire';
import type { Msg } from 'nats';
import type { Work } from './fair-queue';
import { requestBody } from './request-body';

/** A message that may be handled, in its asker's place. */
export class Admitted implements Work {
  readonly bytes: number;
  private read: { body: unknown } | undefined;

  constructor(
    readonly message: Msg,
    readonly traffic: Traffic,
    readonly asker: string,
    private readonly handle: (admitted: Admitted) => Promise<void> | void,
  ) {
    this.bytes = message.data.length;
  }

  lane(): string {
    return laneOf(this.traffic, this.body);
  }

  run(): Promise<void> | void {
    return this.handle(this);
  }

  /** Read when it is first asked for. @throws Problem, each time, where it is none */
  readonly body = (): unknown => (this.read ??= { body: requestBody(this.message.data) }).body;
}

/**
 * An operator's requests take turns by the scope that they name: one that is locked must not hold up the others. Newcomers
 * by their token, however many come with it; what a Node says of its key by that key, so that whoever made up one of his own
 * holds up himself: a proof's head names it, and a gateway has looked that it is its own.
 */
function laneOf({ queue }: Traffic, body: () => unknown): string {
  const read = LANES[queue];
  if (read === undefined) return '';
  try {
    const lane = read(body() as Record<string, unknown>);
    return typeof lane === 'string' ? lane : '';
  } catch {
    // Refused when its turn comes.
    return '';
  }
}

const LANES: Partial<Record<Traffic['queue'], (body: Record<string, unknown>) => unknown>> = {
  commands: ({ scope }) => isScope(scope) && scope,
  registrations: ({ token_hash }) => token_hash,
  'node keys': ({ proof }) => typeof proof === 'string' && proof.split('.', 1)[0],
};
