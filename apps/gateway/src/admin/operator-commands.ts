import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import {
  COMMANDS,
  Problem,
  headers,
  problem,
  subjects,
  type HttpCommand,
  type ReplyOf,
  type RequestOf,
  type Scope,
} from '@plexsphere/wire';
import { Peers } from '../door/peers';
import { FAILURES, Rate } from '../door/rate';
import { Strangers } from '../views/strangers';
import { TurnsOfEach } from '../views/turns-of-each';
import type { CallingOperator } from './calling-operator';
import { inCopies, isSilence } from './in-copies';
import { inKids } from './kids';

const MOST_KNOWN = 1_000;
/** Of one operator at this gateway: all of them share one place at rotation. */
const OF_EACH = { atOnce: 4, waiting: 64, patienceMs: 10_000 };

/** An operator's commands, passed on with the bearer that was shown: it is kept nowhere, and no log has it. */
@Injectable()
export class OperatorCommands {
  /** Hashes of bearers that rotation knew. That lets nobody in: it says who is asked for before strangers. */
  private readonly known = new Set<string>();
  private readonly failures = new Rate(FAILURES);
  private readonly ofEach = new TurnsOfEach(OF_EACH);

  constructor(
    private readonly bus: Bus,
    private readonly strangers: Strangers,
    private readonly peers: Peers,
  ) {}

  /** @throws Problem as rotation answers; tooOften, tooManyWaiting behind other strangers or their own; busUnavailable, noAnswer */
  async ask<C extends HttpCommand>(
    command: C,
    request: RequestOf<C> & { scope: Scope },
    operator: CallingOperator,
  ): Promise<ReplyOf<C>> {
    const { bearer, requestName = randomUUID(), request: call } = operator;
    const peer = this.peers.of(call);
    const shown = { [headers.bearer]: bearer, [headers.idempotencyKey]: requestName, [headers.peer]: peer };
    try {
      return await this.ofEach.run(nameOf(bearer), async () => {
        await this.lookUp(request.scope, bearer, shown);
        return this.repeat(command, request, shown);
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.is('notAuthenticated')) {
        this.known.delete(nameOf(bearer));
        this.requireFewFailures(peer);
      }
      if (error.is('requestIdReused')) throw new Problem({ ...error.body, field: 'idempotency_key' });
      // By it whoever asks may find out what has become of it.
      throw isSilence(error) ? new Problem({ ...error.body, idempotency_key: requestName }) : inKids(error);
    }
  }

  /** What a stranger asks for costs a look-up, and that stands in line with others': a command takes seconds. */
  private async lookUp(scope: Scope, bearer: string, shown: Shown): Promise<void> {
    if (this.known.has(nameOf(bearer))) return;
    await this.strangers.operators.run(async () => {
      // While it stood in line, another request may have made it known.
      if (this.known.has(nameOf(bearer))) return;
      try {
        await this.repeat('issuer.show', { scope }, shown);
      } catch (error) {
        if (!(error instanceof Problem) || isSilence(error) || error.is('notAuthenticated')) throw error;
      }
    });
    this.known.add(nameOf(bearer));
    const [first] = this.known;
    if (this.known.size > MOST_KNOWN && first !== undefined) this.known.delete(first);
  }

  /** Whoever shows a bearer that is known is let in, whoever else fails at the same address: 256 random bits are not guessed. */
  private requireFewFailures(peer: string): void {
    const waitMs = this.failures.waitMs([peer]);
    if (waitMs > 0) throw problem('tooOften', { retry_after: Math.ceil(waitMs / 1_000) });
  }

  private repeat<C extends HttpCommand>(command: C, request: RequestOf<C>, shown: Shown): Promise<ReplyOf<C>> {
    const options = { unavailable: 'busUnavailable', headers: shown } as const;
    const subject = subjects.httpCommand(command);
    return inCopies(
      (timeoutMs) => this.bus.request<ReplyOf<C>>(subject, request, { ...options, timeoutMs }),
      COMMANDS[command].changes,
    );
  }
}

type Shown = Readonly<Record<string, string>>;

/** Not the bearer itself, so that it stands nowhere longer than its request. */
const nameOf = (bearer: string): string => createHash('sha256').update(bearer).digest('base64');
