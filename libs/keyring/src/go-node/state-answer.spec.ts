/** How a state says its keys: so that a Node whose stream waits is given two that differ, one after the other. */
import { at } from '../../testing/go-node-facts';
import { nextForm, stateKeys, type StateForm } from './state-answer';

const NOW = at(0);
const one = [{ keyId: 'd1', state: 'active' as const, verifiesUntil: null }];
const two = [
  { keyId: 'd1', state: 'retiring' as const, verifiesUntil: at(60) },
  { keyId: 'd2', state: 'active' as const, verifiesUntil: null },
];

test.each<[string, boolean, number, StateForm[]]>([
  ['that hears its stream is told the same each time', false, 1, ['plain', 'plain', 'plain']],
  ['whose stream waits: one key, and the same with another text', true, 1, ['plain', 'marked', 'plain', 'marked']],
  ['whose stream waits: two keys, and none', true, 2, ['plain', 'left_out', 'plain', 'left_out']],
])('a Node %s', (_, waits, trusted, forms) => {
  let before: StateForm | undefined;
  for (const form of forms) expect((before = nextForm(waits, trusted, before))).toBe(form);
});

test('begins anew with the keys where it was given other forms before', () => {
  expect(nextForm(false, 2, 'left_out')).toBe('plain');
  expect(nextForm(true, 2, 'marked')).toBe('plain');
});

test('one key stands alone, or beside itself with an end that is over: whoever reads it trusts what it trusted', () => {
  const [d1] = one;
  expect(stateKeys(one, 'plain', NOW)).toEqual({ current: d1, previous: null, expires: null });
  expect(stateKeys(one, 'marked', NOW)).toEqual({ current: d1, previous: d1, expires: new Date(0) });
  expect(stateKeys(one, 'left_out', NOW)).toBeNull();
});

test('two keys are named while the older one verifies; one whose end has come is not', () => {
  const [d1, d2] = two;
  expect(stateKeys(two, 'plain', NOW)).toEqual({ current: d2, previous: d1, expires: at(60) });
  expect(stateKeys(two, 'marked', NOW)).toEqual({ current: d2, previous: d1, expires: at(60) });
  expect(stateKeys(two, 'plain', at(60))).toEqual({ current: d2, previous: null, expires: null });
  expect(stateKeys(two, 'marked', at(60))).toEqual({ current: d2, previous: d2, expires: new Date(0) });
});

test('a staged key whose end has come leaves the one that signs alone', () => {
  const staged = [...one, { keyId: 'd2', state: 'staged' as const, verifiesUntil: at(60) }];
  const [d1, d2] = staged;
  expect(stateKeys(staged, 'plain', at(59))).toEqual({ current: d2, previous: d1, expires: at(60) });
  expect(stateKeys(staged, 'plain', at(60))).toEqual({ current: d1, previous: null, expires: null });
  expect(stateKeys(staged, 'marked', at(60))).toEqual({ current: d1, previous: d1, expires: new Date(0) });
});
