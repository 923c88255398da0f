import type { EntityManager } from 'typeorm';
import { RECEIVERS } from '../receivers';
import type { ClaimedNode } from './claimed-node';
import { readGoRings, type GoRings } from './read-go-rings';
import { readRings, type Rings } from './read-rings';

/** What claimed Nodes are to hear about: their rings, as those see them who read statements, and as those who do not. */
export interface RingsRead {
  rings: Rings;
  goRings: GoRings;
}

export async function ringsOf(manager: EntityManager, nodes: readonly ClaimedNode[]): Promise<RingsRead> {
  const unread = nodes.filter(({ listens }) => !RECEIVERS[listens].readsStatements);
  return {
    rings: await readRings(manager, nodes),
    goRings: await readGoRings(
      manager,
      unread.map(({ scope }) => scope),
    ),
  };
}
