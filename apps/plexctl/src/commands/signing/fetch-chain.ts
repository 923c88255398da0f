import { PLATFORM, type Scope } from '@plexsphere/wire';
import { readStatement, statementHash, type ChainAnchor, type HeldRings } from '@plexsphere/wire/jws';
import type { Bus } from '../../command';
import type { Part } from './chain-input';

/**
 * What leads on from what is held, as the service has it. It is believed in nothing: what it leaves out is a gap, and what
 * it makes up is refused.
 */
export async function fetchChain(bus: Bus, { scope, ring, platform }: HeldRings): Promise<Part> {
  const statements = scope === PLATFORM ? [] : await leadingOn(bus, scope, ring);
  // Which of the platform's keys was active then, only what is older than its head can say.
  const isOlder = Math.min(...authorities(statements)) < platform.headEpoch;
  const platformStatements = isOlder ? await allAfter(bus, PLATFORM, 0) : await leadingOn(bus, PLATFORM, platform);
  return { platformStatements, statements, bundle: undefined };
}

/** From the head on, with it; where that stands nowhere in the service's chain, all that there is. */
async function leadingOn(bus: Bus, scope: Scope, { headEpoch, statementHash: head }: ChainAnchor): Promise<string[]> {
  const ahead = await allAfter(bus, scope, headEpoch - 1);
  const [first] = ahead;
  return first !== undefined && statementHash(first) === head ? ahead : allAfter(bus, scope, 0);
}

const authorities = (statements: readonly string[]): number[] =>
  statements.map((text) => readStatement(text).authority_epoch ?? Infinity);

async function allAfter(bus: Bus, scope: Scope, epoch: number): Promise<string[]> {
  const texts: string[] = [];
  for (let after: number | undefined = epoch; after !== undefined;) {
    const { statements, next }: { statements: string[]; next?: number } = await bus.ask('signing.chain', {
      ...{ scope, after_epoch: after },
    });
    texts.push(...statements);
    after = next;
  }
  return texts;
}
