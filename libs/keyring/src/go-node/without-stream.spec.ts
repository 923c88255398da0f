/** Of a Node that asks for states, and for no stream. */
import { at, instant } from '../../testing/go-node-facts';
import { withNews, type BegunState } from './node-states';
import type { StateForm } from './state-answer';
import { hasNoStream, isMissed, wordWithoutStream } from './without-stream';

const given = (form: StateForm): BegunState | undefined => {
  const begun = withNews([], { what: 'begun', stateId: 'a' }, 0);
  return withNews(begun, { what: 'answered', stateId: 'a', epoch: 3, form, keys: 'x', readAt: instant(7) }, 0)[0];
};

test('it has none after six minutes, and is to be on record at once after two', () => {
  expect([359, 360].map((seconds) => hasNoStream(at(0), at(seconds)))).toEqual([false, true]);
  expect([119, 120].map((seconds) => isMissed(at(0), at(seconds)))).toEqual([false, true]);
  expect([hasNoStream(null, at(0)), isMissed(null, at(0))]).toEqual([true, true]);
});

test('it holds what it has worked in, as of when that was read', () => {
  const word = { helloId: null, epoch: 3, isProven: true, position: null, waits: false, readAt: instant(7) };
  expect(wordWithoutStream(given('plain'), true)).toEqual(word);
  expect(wordWithoutStream(given('marked'), true)).toEqual(word);
});

test.each<[string, BegunState | undefined, boolean]>([
  ['that is not known', undefined, true],
  ['that has no answer', withNews([], { what: 'begun', stateId: 'a' }, 0)[0], true],
  ['that says nothing of keys', given('left_out'), true],
  ['that set none', given('plain'), false],
])('nothing is proven by a state %s', (_, state, setsKeys) =>
  expect(wordWithoutStream(state, setsKeys)).toBeUndefined(),
);
