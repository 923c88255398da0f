import { Injectable } from '@nestjs/common';
import { Problem, problem } from '@plexsphere/wire';
import type { FastifyRequest } from 'fastify';
import { Peers } from '../door/peers';
import { FAILURES, Rate } from '../door/rate';

/** From where one calls. */
export type Come = Pick<FastifyRequest, 'headers' | 'socket'>;

/**
 * Who shows proofs and tokens that are none, counted by address: beyond so many they are told to wait. Whoever shows the
 * right one is let in beside them, whoever else fails at the same address.
 */
@Injectable()
export class KeyFailures {
  private readonly failures = new Rate(FAILURES);

  constructor(private readonly peers: Peers) {}

  /** @throws Problem as the work does; tooOften in place of one failure too many */
  async counted<Result>(come: Come, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Problem && isFailure(error)) this.requireFew(come);
      throw error;
    }
  }

  private requireFew(come: Come): void {
    const waitMs = this.failures.waitMs([this.peers.of(come)]);
    if (waitMs > 0) throw problem('tooOften', { retry_after: Math.ceil(waitMs / 1_000) });
  }
}

/** A clock that is wrong is nobody's fault who holds the key: the answer tells it the time, and the next proof is right. */
const isFailure = (refused: Problem): boolean =>
  refused.is('proofsDisagree') || (refused.code === 'UNAUTHENTICATED' && !refused.is('proofStale'));
