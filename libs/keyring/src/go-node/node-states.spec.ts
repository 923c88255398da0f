/** States that a Node takes, and what they mean for key events that come at the same time. */
import { at, instant } from '../../testing/go-node-facts';
import {
  LAST_STATE_LASTS_MS,
  STATE_LASTS_MS,
  afterGap,
  countUnderWay,
  driftingState,
  meetStates,
  withNews,
  type BegunState,
  type StateNews,
} from './node-states';

const begun = (stateId: string): StateNews => ({ what: 'begun', stateId });
const drift = (stateId: string): StateNews => ({ what: 'drift', stateId });
const answered = (stateId: string, epoch: number, keys = `keys of ${epoch}`): StateNews => ({
  ...{ what: 'answered', stateId, epoch, keys, form: 'plain', readAt: instant(0) },
});
/** Begun and answered. */
const given = (stateId: string, epoch: number, keys?: string): StateNews[] => [
  begun(stateId),
  answered(stateId, epoch, keys),
];

const heard = (news: readonly StateNews[], nowMs = 0, before: readonly BegunState[] = []): BegunState[] =>
  news.reduce<BegunState[]>((states, each) => withNews(states, each, nowMs), [...before]);

/** This gateway has heard everything for long; the event is of epoch 2, and was just issued. */
const NOW_MS = at(0).getTime();
const event = { epoch: 2, issuedAt: at(0) };
const meet = (states: readonly BegunState[], { nowMs = NOW_MS, hearsSinceMs = NOW_MS - STATE_LASTS_MS } = {}) =>
  meetStates(event, states, hearsSinceMs, nowMs);
const atNow = (...news: StateNews[]) => heard(news, NOW_MS);

describe('a key event', () => {
  test('goes where no state is under way', () => expect(meet([])).toBe('go'));

  test.each<[string, StateNews[]]>([
    ['that is begun, and may be answered by the older epoch yet', [begun('a')]],
    ['of the older epoch', given('a', 1)],
    ['of the older epoch, behind one that was taken', [...given('a', 2), drift('a'), ...given('b', 1)]],
    [
      'that says something else than the one that was taken',
      [...given('a', 1, 'x'), drift('a'), ...given('b', 1, 'y')],
    ],
    ['that repeats one which nobody knows to be taken', [...given('a', 1), ...given('b', 1)]],
  ])('waits for a state %s', (_, news) => expect(meet(atNow(...news))).toBe('wait'));

  test.each<[string, StateNews[]]>([
    ['of its own epoch', given('a', 2)],
    ['that was worked in', [...given('a', 1), drift('a')]],
    ['that says what was taken before', [...given('a', 1), drift('a'), ...given('b', 1)]],
    ['that says the same once more', [...given('a', 1), drift('a'), ...given('b', 1), ...given('c', 1)]],
    ['before the one that is worked in', [...given('a', 1), ...given('b', 1), drift('b')]],
  ])('waits for no state %s', (_, news) => expect(meet(atNow(...news))).toBe('go'));

  test('waits no longer than a Node waits for an answer, once it has asked anew', () => {
    const states = atNow(begun('lost'), ...given('a', 2));
    expect(meet(states, { nowMs: NOW_MS + STATE_LASTS_MS - 1 })).toBe('wait');
    expect(meet(states, { nowMs: NOW_MS + STATE_LASTS_MS })).toBe('go');
  });

  test('waits for minutes where it has not: a Node that stood still works in what came in time when it goes on', () => {
    const states = atNow(begun('lost'), ...given('a', 1));
    expect(meet(states, { nowMs: NOW_MS + LAST_STATE_LASTS_MS - 1 })).toBe('wait');
    expect(meet(states, { nowMs: NOW_MS + LAST_STATE_LASTS_MS })).toBe('go');
  });

  test('is older than a state of a later epoch that was given, whatever became of that', () => {
    expect(meet(atNow(...given('a', 3)))).toBe('older');
    expect(meet(atNow(...given('a', 3), drift('a')))).toBe('older');
  });

  test('waits until states are over that a gateway cannot have heard of; one of before that may be older, for all it knows', () => {
    for (const hearsSinceMs of [NOW_MS, NOW_MS + 1]) {
      expect(meet([], { hearsSinceMs, nowMs: hearsSinceMs + STATE_LASTS_MS - 1 })).toBe('wait');
    }
    expect(meet([], { hearsSinceMs: NOW_MS, nowMs: NOW_MS + STATE_LASTS_MS })).toBe('go');
    expect(meet([], { hearsSinceMs: NOW_MS + 1, nowMs: NOW_MS + STATE_LASTS_MS + 1 })).toBe('older');
  });

  test('waits for what repeats a state of before a gap: another may have been worked in meanwhile', () => {
    const states = afterGap(atNow(...given('a', 1), drift('a')));
    expect(meet(heard(given('b', 1), NOW_MS, states))).toBe('wait');
  });
});

describe('what is remembered', () => {
  const ids = (states: readonly BegunState[]) => states.map(({ id }) => id);

  test('is what may be under way, and the last that was answered: the next one goes by that', () => {
    const states = heard([...given('a', 1), ...given('b', 1), begun('lost')]);
    expect(ids(heard([begun('c')], STATE_LASTS_MS - 1, states))).toEqual(['a', 'b', 'lost', 'c']);
    expect(ids(heard([begun('c')], STATE_LASTS_MS, states))).toEqual(['b', 'c']);
  });

  test('a state that says what was taken is known as such a minute later, over requests that had no answer', () => {
    let states = heard([...given('a', 1), drift('a')]);
    for (let minute = 1; minute < 5; minute += 1) {
      states = heard([begun(`lost ${minute}`), ...given(`${minute}`, 1)], minute * 60_000, states);
      expect(states.at(-1)).toMatchObject({ isTaken: true });
    }
  });

  test('news of a state that is not known change nothing', () => {
    const states = heard(given('a', 1));
    expect(heard([drift('b'), answered('b', 5)], 0, states)).toEqual(states);
  });
});

test('a drift is of the last state that has an answer and is not over', () => {
  expect(driftingState([], 0)).toBeUndefined();
  expect(driftingState(heard([begun('a')]), 0)).toBeUndefined();
  expect(driftingState(heard([...given('a', 1), begun('b')]), 0)?.id).toBe('a');
  expect(driftingState(heard([...given('a', 1), ...given('b', 1)]), 0)?.id).toBe('b');
  expect(driftingState(heard([...given('a', 1), drift('a'), ...given('b', 1), drift('b')]), 0)).toBeUndefined();
});

test('a drift is of none where a state was begun after it came, and answered', () => {
  const later = heard(given('b', 1), 2, heard(given('a', 1), 1));
  expect(driftingState(later, 2)?.id).toBe('b');
  expect(driftingState(later, 1)).toBeUndefined();
  expect(driftingState(heard([begun('b')], 2, heard(given('a', 1), 1)), 1)?.id).toBe('a');
});

test('under way are those that are neither followed by a drift nor half a minute old', () => {
  const states = [...given('a', 1), ...given('b', 1), drift('b'), begun('c'), ...given('d', 1)];
  expect(countUnderWay(atNow(...states), NOW_MS)).toBe(2);
  expect(countUnderWay(atNow(...states), NOW_MS + STATE_LASTS_MS)).toBe(0);
});
