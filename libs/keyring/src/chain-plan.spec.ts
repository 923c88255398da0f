import { chainPart, chainStart, isAhead, toldBy, type ChainPlace } from './chain-plan';
import { FORKED, type RingHistory, type Told } from './key-news';

interface Statement {
  epoch: number;
  type: string;
  authority?: number;
  superior?: boolean;
}

const ring = (scope: string, epoch: number, statements: Statement[]): RingHistory => {
  const lastAt = (at: number, list = statements) => list.filter((each) => each.epoch <= at).at(-1)?.epoch ?? 0;
  return {
    ...{ scope, epoch, trustEpoch: epoch, keys: [] },
    superiorEpoch:
      lastAt(
        Infinity,
        statements.filter(({ superior }) => superior),
      ) || null,
    activeAt: () => undefined,
    statementsAfter: () => 0,
    headAt: (at) => lastAt(at),
    activeNamedAt: (at) =>
      lastAt(
        at,
        statements.filter(({ type }) => type !== 'recovery'),
      ),
    authorityAfter: (after) => {
      const named = statements.flatMap(({ epoch: at, authority }) => (at > after && authority ? [authority] : []));
      return named.length === 0 ? null : Math.min(...named);
    },
  };
};

/** Epochs 2, 5 and 9 are closes. */
const P: Statement[] = [
  { epoch: 1, type: 'create', superior: false },
  { epoch: 3, type: 'recovery' },
  { epoch: 4, type: 'revoke', superior: true },
  { epoch: 6, type: 'recovery' },
  { epoch: 7, type: 'rotate' },
  { epoch: 8, type: 'stage' },
];
const D: Statement[] = [
  { epoch: 1, type: 'create', authority: 1 },
  { epoch: 2, type: 'rotate' },
  { epoch: 4, type: 'revoke', authority: 6, superior: true },
  { epoch: 5, type: 'rotate' },
];
const platform = ring('platform', 9, P);
const domain = ring('domain', 5, D);
const unrevoked = ring('domain', 5, [D[0]!, D[1]!, D[3]!]);

const sent = (place: ChainPlace) => ({
  own: D.filter((each) => isAhead(place.own, each)).map(({ epoch }) => epoch),
  platform: P.filter((each) => isAhead(place.platform, each)).map(({ epoch }) => epoch),
});
const told = (epoch: number, platformEpoch: number): Told => ({ epoch, platformEpoch });

describe('where a chain to a Node of a Domain begins', () => {
  it.each<[string, Told, { own: number[]; platform: number[] }]>([
    ['after what it was told', told(4, 7), { own: [5], platform: [8] }],
    ['nothing is left: a close', told(5, 8), { own: [], platform: [] }],
    ['with who vouched for what it lacks, from before its head', told(2, 8), { own: [4, 5], platform: [4, 6, 7, 8] }],
    ['it knows who vouched', told(2, 6), { own: [4, 5], platform: [7, 8] }],
    ['a fork of its ring: from the way back', told(FORKED, 6), { own: [4, 5], platform: [7, 8] }],
    [
      'a fork of the platform’s: recoveries, then from the way back',
      told(4, FORKED),
      { own: [5], platform: [3, 4, 6, 7, 8] },
    ],
    ['both', told(FORKED, FORKED), { own: [4, 5], platform: [3, 4, 6, 7, 8] }],
  ])('%s', (_, from, expected) => expect(sent(chainStart(from, domain, platform))).toEqual(expected));

  it('of a fork without a way back nothing is sent, and the platform’s news are', () => {
    const place = chainStart(told(FORKED, 7), unrevoked, platform);
    expect(sent(place)).toEqual({ own: [], platform: [8] });
  });
});

it('to a Node of platform is one list', () => {
  expect(sent(chainStart(told(7, 7), platform, platform))).toEqual({ own: [], platform: [8] });
  expect(sent(chainStart(told(FORKED, FORKED), platform, platform))).toEqual({ own: [], platform: [3, 4, 6, 7, 8] });
});

describe('parts', () => {
  const place = chainStart(told(2, FORKED), domain, platform);
  const ahead = { platform: [3, 4, 6, 7, 8], own: [4, 5] };

  it('hold so many statements, the platform’s first, and the last one has the bundle', () => {
    const first = chainPart(place, ahead, 4);
    expect(first).toMatchObject({ platform: [3, 4, 6, 7], own: [] });
    expect(sent(first.next!)).toEqual({ own: [4, 5], platform: [8] });
    const second = chainPart(first.next!, { platform: [8], own: [4, 5] }, 3);
    expect(second).toEqual({ platform: [8], own: [4, 5], next: null });
  });

  it('tell as far as they go, and a fork with the last one', () => {
    const end = told(5, 9);
    const first = chainPart(place, ahead, 6);
    expect(toldBy(place, first, told(2, FORKED), end)).toEqual(told(4, FORKED));
    expect(toldBy(place, chainPart(place, ahead, 7), told(2, FORKED), end)).toEqual(end);
  });

  it('tell nothing of a ring of which nothing was sent, and of one ring both alike', () => {
    const lost = chainStart(told(FORKED, 7), unrevoked, platform);
    const last = chainPart(lost, { platform: [8], own: [] }, 9);
    expect(toldBy(lost, last, told(FORKED, 7), told(5, 9))).toEqual(told(FORKED, 9));
    const one = chainStart(told(6, 6), platform, platform);
    const part = chainPart(one, { platform: [7, 8], own: [] }, 1);
    expect(toldBy(one, part, told(6, 6), told(9, 9))).toEqual(told(7, 7));
  });
});
