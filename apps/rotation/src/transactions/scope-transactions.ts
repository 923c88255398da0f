import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { problem, type Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { answerOf, claimRequest, keepAnswer, type RequestIdentity } from './requests';
import { tryExclusive, tryShared, waitForExclusive, type Locked } from './scope-lock';
import { Line, PATIENCE_MS } from './line';
import { WAITING_CONNECTIONS, WAITING_DATABASE } from './pools';

/** Of one scope's publishers so many have a connection at a time: far fewer than the pool has. */
const SHARING_AT_ONCE = 4;

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [4, 50];

type Work<Reply> = (manager: EntityManager) => Promise<Reply>;

type Turn<Reply> = { taken: true } | { taken: false; reply: Reply };

/**
 * The one transaction of a command: claims its request, locks what it touches, looks whether a copy of the request was
 * answered meanwhile, works, keeps the answer. Waiting costs no connection that others need: who shares a scope only
 * tries, and comes again from memory; who changes it waits in PostgreSQL (which makes the others' tries fail, so that
 * no stream of them starves it), one a scope and replica, on a pool of its own.
 */
@Injectable()
export class ScopeTransactions {
  private readonly sharing = new Line(SHARING_AT_ONCE);
  private readonly changing = new Line(1);
  private readonly waiting = new Line(WAITING_CONNECTIONS);

  constructor(
    private readonly database: DataSource,
    @InjectDataSource(WAITING_DATABASE) private readonly waitingDatabase: DataSource,
  ) {}

  /**
   * For what leaves the rings as they are. Locks `scopes` in their order: the platform's first, then a Domain's. Work
   * that returns undefined has changed nothing and leaves no answer.
   * @throws Problem scopeBusy
   */
  shared<Reply extends object | undefined>(
    scopes: readonly Scope[],
    request: RequestIdentity,
    work: Work<Reply>,
  ): Promise<Reply> {
    const givesUpAt = performance.now() + PATIENCE_MS;
    const lock = async (manager: EntityManager): Promise<boolean> => {
      for (const scope of scopes) if (!(await tryShared(manager, scope))) return false;
      return true;
    };
    return this.sharing.run(scopes.join(' '), request.actor, async () => {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        const turn = await once(this.database, request, lock, work);
        if (!turn.taken) return turn.reply;
        if (performance.now() + pauseMs > givesUpAt) throw problem('scopeBusy');
        // Not all at the same instant: those who come again would only meet each other.
        await delay(pauseMs * (0.5 + Math.random()));
      }
    });
  }

  /** For what changes a ring, or who has a token. @throws Problem scopeBusy */
  exclusive<Reply extends object>(name: Locked, request: RequestIdentity, work: Work<Reply>): Promise<Reply> {
    return this.changing.run(name, request.actor, async () => {
      // A scope that is free needs none of the few connections that wait, though others' scopes are stuck.
      const turn = await once(this.database, request, (manager) => tryExclusive(manager, name), work);
      if (!turn.taken) return turn.reply;
      return this.waiting.run('all', name, () => this.waitAndWork(name, request, work));
    });
  }

  private async waitAndWork<Reply extends object>(
    name: Locked,
    request: RequestIdentity,
    work: Work<Reply>,
  ): Promise<Reply> {
    const lock = (manager: EntityManager) => waitForExclusive(manager, name).then(() => true);
    const turn = await once(this.waitingDatabase, request, lock, work);
    if (turn.taken) throw problem('scopeBusy');
    return turn.reply;
  }
}

const once = <Reply extends object | undefined>(
  database: DataSource,
  request: RequestIdentity,
  lock: (manager: EntityManager) => Promise<boolean>,
  work: Work<Reply>,
): Promise<Turn<Reply>> =>
  database.transaction('READ COMMITTED', async (manager): Promise<Turn<Reply>> => {
    await claimRequest(manager, request);
    if (!(await lock(manager))) return { taken: true };
    const answered = await answerOf<NonNullable<Reply>>(manager, request);
    if (answered !== undefined) return { taken: false, reply: answered };
    const reply = await work(manager);
    if (reply !== undefined) await keepAnswer(manager, request, reply);
    return { taken: false, reply };
  });
