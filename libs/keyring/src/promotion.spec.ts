import { createRing } from './key-ring';
import { askedPromotion, neededNodes, type AskPromotion } from './promotion';
import { counted } from './progress';
import { Refusal } from './refusal';
import { scopePolicy } from './scope-policy';
import { stageKey } from './stage';

const at = (seconds: number): Date => new Date(seconds * 1_000);
const fresh = createRing('platform', 'a');
const spans = { overlapWindowMs: 100_000, clockSkewMs: 0, propagationDelayMs: 10_000 };
const staged = stageKey(
  fresh,
  null,
  { ...spans, newKeyId: 'b', stagedAt: at(0), rotateBy: at(60) },
  scopePolicy('platform'),
).ring;

const ask = (over: Partial<AskPromotion> = {}, { ring = staged, enrolled = 3 } = {}) =>
  askedPromotion(ring, { keyId: 'b', percent: 80, at: at(0), deadline: null, atMostMs: 30_000, ...over }, { enrolled });

const refusalOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof Refusal ? [error.code, error.members['field']] : error;
  }
};

it.each([
  ['no deadline: as long as it may be', {}, 30],
  ['no deadline, and the key has to be rotated to before', { atMostMs: 90_000 }, 60],
  ['a deadline', { deadline: at(45) }, 45],
  ['a deadline at rotate_by itself', { deadline: at(60) }, 60],
])('%s', (_, over, seconds) => expect(ask(over)).toMatchObject({ keyId: 'b', percent: 80, deadline: at(seconds) }));

it.each<[string, Partial<AskPromotion>, object, unknown[]]>([
  ['a key that is not staged', { keyId: 'c' }, {}, ['key_not_staged', undefined]],
  ['nothing is staged', {}, { ring: fresh }, ['key_not_staged', undefined]],
  ['a key whose time is over', { at: at(60) }, {}, ['staged_key_expired', undefined]],
  ['0 %', { percent: 0 }, {}, ['invariant_violation', 'percent']],
  ['101 %', { percent: 101 }, {}, ['invariant_violation', 'percent']],
  ['half a percent', { percent: 0.5 }, {}, ['invariant_violation', 'percent']],
  ['a scope without Nodes', {}, { enrolled: 0 }, ['invariant_violation', 'scope']],
  ['a deadline beyond rotate_by', { deadline: at(61) }, {}, ['invariant_violation', 'deadline']],
  ['a deadline that is over', { deadline: at(0) }, {}, ['invariant_violation', 'deadline']],
])('%s', (_, over, of, refusal) => expect(refusalOf(() => ask(over, of))).toEqual(refusal));

it.each([
  [10, 0, 80, 8],
  [10, 0, 81, 9],
  [10, 5, 80, 4],
  [3, 3, 100, 0],
])('%i enrolled, %i of them never seen, %i %%: %i', (enrolled, pending, percent, needed) => {
  expect(neededNodes({ enrolled, pending: counted(Array<string>(pending).fill('n')) }, percent)).toBe(needed);
});
