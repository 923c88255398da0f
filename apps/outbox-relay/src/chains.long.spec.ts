/** The longest chains: Nodes that slept through 513 and 1,000 rotations. Part of npm run test:long. */
import 'reflect-metadata';
import { comesBack, diesAmid, type Whose } from '../testing/chain-story';

jest.setTimeout(600_000);

const CASES = (['a Domain', 'the platform'] as const).flatMap((whose) =>
  [513, 1_000].map((links): [Whose, number] => [whose, links]),
);

describe('P-1: a Node that slept for long comes back', () => {
  test.each(CASES)('a Node of %s, by a chain of %d links', comesBack);
});

describe('P-1: between two parts of a long chain', () => {
  const victims = ['the relay', 'a relay unheard', 'the Node'] as const;
  const cases = CASES.flatMap(([whose, links]) =>
    victims.map((who): [Whose, number, typeof who] => [whose, links, who]),
  );
  test.each(cases)('of a Node of %s, of %d links, %s may die', diesAmid);
});
