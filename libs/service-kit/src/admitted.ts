import { problem, type Traffic } from '@plexsphere/wire';
import type { Msg, MsgHdrs } from 'nats';
import { BusContext } from './bus-context';
import type { Reply } from './bus-reply';
import type { Work } from './fair-queue';
import { requestBody } from './request-body';
import { scopeNamedIn } from './scope-named-in';

/** What a request is answered by. Never throws and never rejects. */
export type Answering = (asked: Admitted) => Reply | Promise<Reply>;

/** A message that may be handled, in its asker's place. Of what few handlers look at nothing is made before they do. */
export class Admitted implements Work {
  readonly bytes: number;
  private read: { body: unknown } | undefined;
  private made: BusContext | undefined;

  constructor(
    readonly message: Msg,
    readonly traffic: Traffic,
    readonly asker: string,
    private readonly answering: Answering | undefined,
    private readonly finish: (admitted: Admitted, reply: Reply) => void,
  ) {
    this.bytes = message.data.length;
  }

  lane(): string {
    return laneOf(this);
  }

  run(): Promise<void> | void {
    const reply = this.answering?.(this) ?? { problem: problem('internal').body };
    if (reply instanceof Promise) return reply.then((made) => this.finish(this, made));
    this.finish(this, reply);
  }

  get context(): BusContext {
    return (this.made ??= new BusContext([this.message.subject, headersOf(this)]));
  }

  /** Whoever a guard has found to ask, where one has looked; else whom the subject names. */
  get actor(): string {
    return this.made?.foundToAsk ?? this.asker;
  }

  /** Read when it is first asked for. @throws Problem, each time, where it is none */
  body(): unknown {
    return (this.read ??= { body: requestBody(this.message.data) }).body;
  }
}

/** Read where the row bounds them. The library throws where a name is none: then there are none. */
function headersOf({ message, traffic }: Admitted): MsgHdrs | undefined {
  try {
    return traffic.headerBytes === undefined ? undefined : message.headers;
  } catch {
    return undefined;
  }
}

/**
 * An operator's requests take turns by the scope that they name: one that is locked must not hold up the others. Newcomers
 * by their token, however many come with it; what a Node says of its key by that key, so that whoever made up one of his own
 * holds up himself: a proof's head names it, and a gateway has looked that it is its own.
 */
function laneOf(admitted: Admitted): string {
  const read = LANES[admitted.traffic.queue];
  if (read === undefined) return '';
  try {
    const lane = read(admitted);
    return typeof lane === 'string' ? lane : '';
  } catch {
    // Refused when its turn comes.
    return '';
  }
}

const memberOf = (admitted: Admitted, name: string): unknown => (admitted.body() as Record<string, unknown>)[name];

const LANES: Partial<Record<Traffic['queue'], (admitted: Admitted) => unknown>> = {
  // Not parsed here: of the largest that takes milliseconds each, before its turn, and of all that came ahead of another's.
  commands: ({ message }) => scopeNamedIn(message.data),
  registrations: (admitted) => memberOf(admitted, 'token_hash'),
  'node keys': (admitted) => {
    const proof = memberOf(admitted, 'proof');
    return typeof proof === 'string' && proof.split('.', 1)[0];
  },
};
