import { dueMessage, type StreamState } from './due-message';
import { FORKED, type RingHistory } from './key-news';

const ring = (scope: string, over: Partial<RingHistory> = {}): RingHistory => ({
  ...{ scope, epoch: 4, trustEpoch: 4, keys: [], superiorEpoch: null },
  activeAt: () => undefined,
  statementsAfter: () => 0,
  headAt: () => 0,
  activeNamedAt: () => 0,
  authorityAfter: () => null,
  ...over,
});
const P = ring('platform');
const told = { epoch: 4, platformEpoch: 4 };
const from = { own: { afterEpoch: 4, wholeFrom: 0 }, platform: { afterEpoch: 4, wholeFrom: 0 } };
const hello = { corrects: false };
const wrong = { corrects: true };

/** The Node's own ring, by what is news of it to a Node that was told epoch 4. */
const none = ring('domain');
const close = ring('domain', { epoch: 5 });
const gating = ring('domain', { epoch: 5, trustEpoch: 5 });
const announcing = ring('domain', {
  ...{ epoch: 5, trustEpoch: 5, keys: [{ keyId: 'k', state: 'retiring' }] },
  activeAt: () => 'k',
  statementsAfter: () => 1,
});
const announce = { kind: 'announce', eventType: 'signing_key_rotated', keyId: 'k', told: { epoch: 5 } };

const due = (own: RingHistory, stream: Partial<StreamState<typeof hello>> = {}, platform = P) =>
  dueMessage({ told, platformForkedFrom: null, chain: null, hello: null, ...stream }, own, platform);

const chain = { kind: 'chain', from, gates: true };

test.each<[string, ReturnType<typeof due>, object]>([
  ['nothing is news: an event', due(none), { kind: 'ordinary', closeFrom: null }],
  ['nothing is news, a hello', due(none, { hello }), { kind: 'ready', hello }],
  ['an announcement, though a hello waits', due(announcing, { hello }), { ...announce, otherwise: from }],
  ['a chain, though a hello waits', due(gating, { hello }), chain],
  ['a close, and an event', due(close), { kind: 'ordinary', closeFrom: from }],
  ['a close, and a hello', due(close, { hello }), { kind: 'ready', hello }],
  ['a hello with wrong numbers, and nothing is news', due(none, { hello: wrong }), chain],
  ['… or an announcement', due(announcing, { hello: wrong }), chain],
])('%s', (_, message, expected) => expect(message).toEqual(expected));

test('nothing but the next part of a chain that has begun', () => {
  const place = { own: null, platform: { afterEpoch: 1, wholeFrom: 2 } };
  expect(due(announcing, { chain: place, hello })).toEqual({ kind: 'chain', from: place, gates: true });
});

test('nothing where an epoch went back, or to a fork without a way back', () => {
  expect(due(announcing, { told: { epoch: 6, platformEpoch: 4 } })).toEqual({ kind: 'nothing' });
  expect(due(gating, { told: { epoch: FORKED, platformEpoch: 4 }, hello })).toEqual({ kind: 'nothing' });
});

describe('on a fork of the platform’s ring', () => {
  const lost = { told: { epoch: 4, platformEpoch: FORKED } };

  test('nothing leads back: no chain stands in for an announcement, and none puts a number right', () => {
    expect(due(announcing, lost)).toEqual({ ...announce, otherwise: null });
    expect(due(none, { ...lost, hello: wrong })).toEqual({ kind: 'ready', hello: wrong });
  });

  test('something leads back', () => {
    const cured = ring('platform', { superiorEpoch: 3 });
    const place = { own: from.own, platform: { afterEpoch: 0, wholeFrom: 3 } };
    expect(due(announcing, lost, cured)).toEqual({ ...announce, otherwise: place });
    expect(due(none, { ...lost, hello: wrong }, cured)).toEqual({ kind: 'chain', from: place, gates: true });
  });

  test.each([
    [3, null],
    [2, { own: from.own, platform: { afterEpoch: 0, wholeFrom: 3 } }],
  ])('what it held when it left leads it nowhere: %d', (platformForkedFrom, otherwise) => {
    const stream = { ...lost, platformForkedFrom };
    expect(due(announcing, stream, ring('platform', { superiorEpoch: 3 }))).toEqual({ ...announce, otherwise });
    const own = { ...stream, told: { epoch: FORKED, platformEpoch: FORKED } };
    const platform = ring('platform', { superiorEpoch: 3 });
    const kind = otherwise === null ? 'nothing' : 'chain';
    expect(dueMessage({ ...own, chain: null, hello: null }, platform, platform).kind).toBe(kind);
  });
});
