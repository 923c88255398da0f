import { Injectable } from '@nestjs/common';
import { Turns } from './turns';

/**
 * What the database is asked for anybody: six of the ten connections at a time, however many ask. What is left is for Nodes
 * that are known, and no stranger stands before them.
 */
@Injectable()
export class Strangers {
  /** Chains, key sets of rings of which no lease is held, and issuers that were not found before. */
  readonly readings = new Turns({ atOnce: 2, waiting: 1_024, patienceMs: 3_000 });
  /**
   * Who calls, Nodes and clients, of those of whom this gateway does not know that they are who they say: all of them, once it
   * begins anew. So many may wait, and for longer: whoever is turned away comes again.
   */
  readonly callers = new Turns({ atOnce: 4, waiting: 16_384, patienceMs: 10_000 });
  /** Whoever calls by a Node key that is not known here. Rotation is asked for each, not the database. */
  readonly keys = new Turns({ atOnce: 32, waiting: 16_384, patienceMs: 10_000 });
  /** Whoever calls as an operator and is not known here. Rotation is asked for each, not the database. */
  readonly operators = new Turns({ atOnce: 4, waiting: 1_024, patienceMs: 10_000 });
}
