/** What a relay would put into a chain message to a verifier that was told so much: as the product plans it. */
import { chainStart, isAhead, type ListPlace, type RingHistory, type Told } from '@plexsphere/keyring';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { readStatement } from '@plexsphere/wire/jws';
import type { TestRing } from './test-ring';
import type { TestRings } from './test-rings';

export interface ChainLists {
  platformStatements: string[];
  statements: string[];
}

export function chainLists(rings: TestRings, scope: Scope, told: Told): ChainLists {
  const [own, platform] = [rings.of(scope), rings.of(PLATFORM)];
  const start = chainStart(told, historyOf(own), historyOf(platform));
  return {
    platformStatements: listFrom(platform, start.platform),
    statements: own === platform ? [] : listFrom(own, start.own),
  };
}

const listFrom = (ring: TestRing, place: ListPlace | null): string[] =>
  ring.statements
    .filter(({ text, epoch }) => isAhead(place, { epoch, type: readStatement(text).type }))
    .map(({ text }) => text);

/** What is asked about a ring whose every change is at hand. */
function historyOf(ring: TestRing): RingHistory {
  const links = ring.statements.map(({ text }) => readStatement(text));
  const upTo = (epoch: number) => links.filter((statement) => statement.epoch <= epoch);
  const after = (epoch: number) => links.filter((statement) => statement.epoch > epoch);
  const isWayBack = (change: string): boolean => change === 'revoke' || change === 'rollback';
  return {
    scope: ring.scope,
    epoch: ring.epoch,
    trustEpoch: ring.trustEpoch,
    keys: ring.keys,
    superiorEpoch:
      ring.changes.findLast(({ change, isBySuperior }) => isWayBack(change) && isBySuperior === true)?.epoch ?? null,
    activeAt: (epoch) => ring.changes[epoch - 1]?.activeKeyId,
    statementsAfter: (epoch) => after(epoch).length,
    headAt: (epoch) => upTo(epoch).at(-1)?.epoch ?? 0,
    activeNamedAt: (epoch) => upTo(epoch).findLast(({ type }) => type !== 'recovery')?.epoch ?? 0,
    authorityAfter: (epoch) => {
      const named = after(epoch).flatMap(({ authority_epoch: each }) => (each === null ? [] : [each]));
      return named.length === 0 ? null : Math.min(...named);
    },
  };
}
