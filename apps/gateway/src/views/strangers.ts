import { Injectable } from '@nestjs/common';
import { Turns } from './turns';

/**
 * What the database is asked for anybody: six of the ten connections at a time, however many ask. What is left is for Nodes
 * that are known, and no stranger stands before them.
 */
@Injectable()
export class Strangers {
  /** Chains, and key sets of rings of which no lease is held. */
  readonly readings = new Turns({ atOnce: 2, waiting: 1_024, patienceMs: 3_000 });
  /**
   * Who calls, of those of whom this gateway does not know that they are who they say: all of them, once it begins anew. So
   * many may wait, and for longer: whoever is turned away comes again.
   */
  readonly callers = new Turns({ atOnce: 4, waiting: 16_384, patienceMs: 10_000 });
}
