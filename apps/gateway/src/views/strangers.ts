import { Injectable } from '@nestjs/common';
import { Turns } from './turns';

/** Of the ten connections to the database. What is left is for Nodes that are known, and no stranger stands before them. */
const AT_ONCE = 3;

/** What the database is asked for anybody: so many connections at a time, however many ask. */
@Injectable()
export class Strangers {
  /** Chains, and key sets of rings of which no lease is held. */
  readonly readings = new Turns({ atOnce: AT_ONCE, waiting: 1_024, patienceMs: 3_000 });
  /**
   * Who calls, of those of whom this gateway does not know that they are who they say: all of them, once it begins anew. So
   * many may wait.
   */
  readonly callers = new Turns({ atOnce: AT_ONCE, waiting: 16_384, patienceMs: 4_000 });
}
