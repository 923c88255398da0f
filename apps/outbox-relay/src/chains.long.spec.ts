/** Each case, up to the longest chains: Nodes that slept through 513 and 1,000 rotations. Part of npm run test:long. */
import 'reflect-metadata';
import { comesBack, diesAmid, type Whose } from '../testing/chain-story';

jest.setTimeout(600_000);

const WHOSE: Whose[] = ['a Domain', 'the platform'];
const MORE_THAN_A_PART = [257, 513, 1_000];

describe('P-1: a Node that slept for long comes back', () => {
  const cases = WHOSE.flatMap((whose) => [256, ...MORE_THAN_A_PART].map((links): [Whose, number] => [whose, links]));
  test.each(cases)('a Node of %s, by a chain of %d links', comesBack);
});

describe('P-1: between two parts of a long chain', () => {
  const victims = ['the relay', 'a relay unheard', 'the Node'] as const;
  const cases = WHOSE.flatMap((whose) =>
    MORE_THAN_A_PART.flatMap((links) => victims.map((who): [Whose, number, typeof who] => [whose, links, who])),
  );
  test.each(cases)('of a Node of %s, of %d links, %s may die', diesAmid);
});
