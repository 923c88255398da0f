import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { Problem, problem, type Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { Line, PATIENCE_MS } from './line';
import { WAITING_CONNECTIONS, WAITING_DATABASE } from './pools';
import { answerOf, claimRequest, keepAnswer, withCopies, type RequestIdentity } from './requests';
import { tryExclusive, tryShared, waitForExclusive, type Lock, type Locked } from './scope-lock';

/** Of one scope's publishers so many have a connection at a time: far fewer than the pool has. */
const SHARING_AT_ONCE = 4;

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [4, 50];

/** Rings may change between what is prepared and its commit; after this many losses the caller is told. */
const ATTEMPTS = 3;

/** A command whose work needs something that must not be made while a lock is held: a key, a credential. */
interface PreparedCommand<Prepared, Reply> {
  /** Outside any transaction; anew where a ring changed before its commit. */
  prepare: () => Promise<Prepared>;
  lock: (prepared: Prepared) => Lock;
  work: (manager: EntityManager, prepared: Prepared) => Promise<Reply>;
}

type Work<Reply> = (manager: EntityManager) => Promise<Reply>;

type Turn<Reply> = { taken: true } | { taken: false; reply: Reply };

/**
 * The one transaction of every command that changes something (ADR 0018): it claims its request, locks what it touches,
 * looks whether a copy of the request was answered meanwhile, works, keeps the answer. The order is what makes it happen
 * once: an answer that was looked for before the lock could miss that of a copy which held it.
 *
 * Waiting costs no connection that others need: who shares a scope, or needs several, only tries, and comes again from
 * memory; who changes one waits in PostgreSQL (which makes the others' tries fail, so that no stream of them starves it), one a scope and
 * replica, on a pool of its own (ADR 0003).
 */
@Injectable()
export class CommandTransactions {
  private readonly sharing = new Line(SHARING_AT_ONCE);
  private readonly changing = new Line(1);
  private readonly waiting = new Line(WAITING_CONNECTIONS);

  constructor(
    private readonly database: DataSource,
    @Inject(WAITING_DATABASE) private readonly waitingDatabase: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem scopeBusy, requestIdReused */
  once<Reply extends object>(request: RequestIdentity, lock: Lock, work: Work<Reply>): Promise<Reply> {
    return this.oncePrepared(request, { prepare: async () => undefined, lock: () => lock, work });
  }

  /** @throws Problem as `once`; epochMismatch, preparedTooLate after as many attempts as there are */
  oncePrepared<Prepared, Reply extends object>(
    request: RequestIdentity,
    command: PreparedCommand<Prepared, Reply>,
  ): Promise<Reply> {
    return withCopies(this.database.manager, request, () => this.attempt(request, command));
  }

  private async attempt<Prepared, Reply extends object>(
    request: RequestIdentity,
    { prepare, lock, work }: PreparedCommand<Prepared, Reply>,
  ): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      try {
        const prepared = await prepare();
        return await this.locked(request, lock(prepared), (manager) => work(manager, prepared));
      } catch (error) {
        const isLost = error instanceof Problem && (error.is('epochMismatch') || error.is('preparedTooLate'));
        if (!isLost || attempt === ATTEMPTS) throw error;
        this.logger.info({ command: request.command, reason: error.detail }, 'lost the race, preparing anew');
      }
    }
  }

  private locked<Reply extends object>(request: RequestIdentity, lock: Lock, work: Work<Reply>): Promise<Reply> {
    if ('exclusive' in lock) return this.exclusive(request, lock.exclusive, work);
    const { shared, changed = [] } = lock;
    const takeAll = async (manager: EntityManager): Promise<boolean> => {
      for (const scope of shared) if (!(await tryShared(manager, scope))) return false;
      for (const scope of changed) if (!(await tryExclusive(manager, scope))) return false;
      return true;
    };
    return changed.length === 0
      ? this.trying(this.sharing, shared, request, takeAll, work)
      : this.trying(this.changing, changed, request, takeAll, work);
  }

  private trying<Reply extends object>(
    line: Line,
    scopes: readonly Scope[],
    request: RequestIdentity,
    lock: (manager: EntityManager) => Promise<boolean>,
    work: Work<Reply>,
  ): Promise<Reply> {
    const givesUpAt = performance.now() + PATIENCE_MS;
    return line.run(scopes.join(' '), request.actor, async () => {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        const turn = await transaction(this.database, request, lock, work);
        if (!turn.taken) return turn.reply;
        if (performance.now() + pauseMs > givesUpAt) throw problem('scopeBusy');
        // Not all at the same instant: those who come again would only meet each other.
        await delay(pauseMs * (0.5 + Math.random()));
      }
    });
  }

  private exclusive<Reply extends object>(request: RequestIdentity, name: Locked, work: Work<Reply>): Promise<Reply> {
    return this.changing.run(name, request.actor, async () => {
      // A scope that is free needs none of the few connections that wait, though others' scopes are stuck.
      const turn = await transaction(this.database, request, (manager) => tryExclusive(manager, name), work);
      if (!turn.taken) return turn.reply;
      return this.waiting.run('all', name, async () => {
        const lock = (manager: EntityManager) => waitForExclusive(manager, name).then(() => true);
        const waited = await transaction(this.waitingDatabase, request, lock, work);
        if (waited.taken) throw problem('scopeBusy');
        return waited.reply;
      });
    });
  }
}

const transaction = <Reply extends object>(
  database: DataSource,
  request: RequestIdentity,
  lock: (manager: EntityManager) => Promise<boolean>,
  work: Work<Reply>,
): Promise<Turn<Reply>> =>
  database.transaction('READ COMMITTED', async (manager): Promise<Turn<Reply>> => {
    await claimRequest(manager, request);
    if (!(await lock(manager))) return { taken: true };
    const answered = await answerOf<Reply>(manager, request);
    if (answered !== undefined) return { taken: false, reply: answered };
    const reply = await work(manager);
    await keepAnswer(manager, request, reply);
    return { taken: false, reply };
  });
