import { PROOF_LIFE_S } from '@plexsphere/wire/jws';
import { Contested, requireFresh, speakerOf, type NodeProof } from './judge-proof';
import type { KnownNode, NodeKeyRow } from './read-node';

const NOW = new Date('2026-05-01T12:00:00.500Z');
const S = Math.floor(NOW.getTime() / 1_000);

const thrown = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('a proof counts for a minute, and for a clock that is half a minute off', () => {
  it.each([
    ['that ended in this second', 0, true],
    ['that ends in the next one', 1, false],
    ['of a minute', 60, false],
    ['of a host half a minute ahead', 90, false],
    ['of one further ahead', 91, true],
    ['kept for later', 86_400, true],
  ])('%s', (_, ahead, isStale) => {
    const found = thrown(() => requireFresh({ aud: 'A', exp: S + ahead }, 'A', NOW));
    expect(found).toEqual(
      isStale
        ? expect.objectContaining({
            detail: 'signing: proof stale',
            body: expect.objectContaining({ now: NOW.toISOString() }),
          })
        : undefined,
    );
  });

  it('and for whom it is, before when', () => {
    const found = thrown(() => requireFresh({ aud: 'B', exp: 0 }, 'A', NOW));
    expect(found).toMatchObject({ detail: 'signing: wrong audience' });
  });
});

const keyRow = (generation: number, endsAt: Date | null): NodeKeyRow => ({
  ...{ generation, publicKey: `U${generation}`, requestHash: null, token: null, tokenIat: null },
  ...{ tokenExpiresAt: null, tokensUntil: null, formerTokenHash: null, formerUntil: null, endsAt },
});

/** Whose first key ends, or ended, so many seconds from now. */
function nodeWhoseFirstKeyEnds(inSeconds: number, state: KnownNode['state'] = 'enrolled'): KnownNode {
  const node = {
    id: 'n',
    scope: 'platform',
    name: 'edge',
    tags: [],
    removedAt: null,
    rotateAfter: null,
    contestedAt: null,
  };
  const first = keyRow(1, new Date(NOW.getTime() + inSeconds * 1_000));
  return { ...node, state, latest: keyRow(2, null), speaker: first };
}

const asks = (exp = S + PROOF_LIFE_S): NodeProof =>
  ({ kind: 'ask', publicKey: 'U1', hash: '', claims: { aud: '', exp, node_id: 'n', failed: null } }) as NodeProof;
const confirms = (generation: number): NodeProof =>
  ({ ...asks(), kind: 'key-confirm', claims: { ...asks().claims, generation, token_hash: '' } }) as NodeProof;

describe('a key that was replaced', () => {
  it('may ask until its end, and not a moment longer', () => {
    expect(speakerOf(nodeWhoseFirstKeyEnds(0.001), asks(), NOW).key.generation).toBe(1);
    expect(thrown(() => speakerOf(nodeWhoseFirstKeyEnds(0), asks(S), NOW))).toMatchObject({
      detail: 'signing: node key superseded',
    });
  });

  it('may say nothing else meanwhile, and that is no theft', () => {
    expect(thrown(() => speakerOf(nodeWhoseFirstKeyEnds(30), confirms(1), NOW))).toMatchObject({
      detail: 'signing: node key superseded',
      body: { generation: 2 },
    });
  });

  it.each([
    ['made after its end', 10, PROOF_LIFE_S, true],
    ['made before its end, and late', 10, PROOF_LIFE_S - 11, false],
    ['made long after', 600, 1, true],
  ])('contests its Node by a proof %s', (_, endedAgo, ahead, isContested) => {
    const found = thrown(() => speakerOf(nodeWhoseFirstKeyEnds(-endedAgo), asks(S + ahead), NOW));
    expect(found instanceof Contested).toBe(isContested);
  });
});

describe('what a Node is told', () => {
  it('a stranger learns nothing of it, whatever became of it', () => {
    for (const state of ['enrolled', 'removed', 'revoked'] as const) {
      const node = { ...nodeWhoseFirstKeyEnds(30, state), speaker: undefined };
      expect(thrown(() => speakerOf(node, asks(), NOW))).toMatchObject({ detail: 'signing: not authenticated' });
    }
    expect(thrown(() => speakerOf(undefined, asks(), NOW))).toMatchObject({ detail: 'signing: not authenticated' });
  });

  it.each([
    ['removed', 'signing: node removed'],
    ['revoked', 'signing: node revoked'],
  ] as const)('one that is %s, by any key that it had', (state, detail) => {
    expect(thrown(() => speakerOf(nodeWhoseFirstKeyEnds(-600, state), asks(), NOW))).toMatchObject({ detail });
  });

  it('which generation it should have named', () => {
    const node = nodeWhoseFirstKeyEnds(-600);
    expect(thrown(() => speakerOf({ ...node, speaker: node.latest }, confirms(1), NOW))).toMatchObject({
      ...{ code: 'ABORTED', detail: 'signing: generation mismatch', body: { generation: 2 } },
    });
  });
});
