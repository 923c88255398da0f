import { MESH_ALGORITHM, PLATFORM } from '@plexsphere/wire';
import type { StatementRequest } from '@plexsphere/wire/commands';
import { DOMAIN, hashOf, publicKeyOf, ringOf, rotatedRing, transitionOf } from '@plexsphere/testkit';
import { keyHash } from '@plexsphere/wire/jws';
import { checkRequest, statementFor, type StatedKey } from './statement';

const [closes_at, transition_expires] = ['2031-05-02T10:00:00Z', '2031-05-02T10:00:30Z'];
/** Commits to the key called b. */
const committed = { next: keyHash(publicKeyOf('b')) };
const ring = ringOf(DOMAIN, 4, { a: 'active' }, committed);
const AHEAD = hashOf('the one after');
const statedKeyOf = (publicKey: string): StatedKey => ({ publicKey, algorithm: MESH_ALGORITHM });
const coming = statedKeyOf(publicKeyOf('b'));

const request = (fields: Partial<StatementRequest>): StatementRequest => ({
  ...{ type: 'rotate', scope: DOMAIN, epoch: 5, authority_epoch: 4, old_key_id: 'a', new_key_id: 'b' },
  ...{ opened_at: '2031-05-01T10:00:00Z', duration_ms: 1_000 },
  ...fields,
});
const rotate = request({ closes_at, transition_expires });
const create: StatementRequest = request({ type: 'create', epoch: 1, authority_epoch: 7 });
delete create.old_key_id;

test('to rotate, the old key is the authority, the statement before is named, and the key after the new one', () => {
  expect(statementFor(rotate, ring, coming, AHEAD)).toEqual({
    type: 'rotate',
    scope: DOMAIN,
    epoch: 5,
    authority_epoch: null,
    old_key_id: 'a',
    old_public_key: publicKeyOf('a'),
    new_key_id: 'b',
    new_public_key: publicKeyOf('b'),
    opened_at: rotate.opened_at,
    closes_at,
    transition_expires,
    next: AHEAD,
    previous: ring.statement_hash,
  });
});

test('to create, nothing comes before, and the platform’s epoch is named', () => {
  expect(statementFor(create, undefined, coming, AHEAD)).toMatchObject({
    ...{ type: 'create', scope: DOMAIN, epoch: 1, authority_epoch: 7, old_key_id: null, old_public_key: null },
    ...{ closes_at: null, transition_expires: null, next: AHEAD, previous: null },
  });
});

test.each<[string, Partial<StatementRequest>, typeof ring]>([
  [
    'a rotate of the staged key',
    { closes_at, transition_expires },
    ringOf(DOMAIN, 4, { a: 'active', b: 'staged' }, committed),
  ],
  [
    'an unstage',
    { type: 'unstage', old_key_id: 's', new_key_id: 'a' },
    ringOf(DOMAIN, 4, { a: 'active', s: 'staged' }),
  ],
  [
    'a rollback',
    { type: 'rollback', old_key_id: 'a', new_key_id: 'b', transition_expires },
    rotatedRing(DOMAIN, 4, 'b', 'a'),
  ],
])('of keys that the ring holds, %s keeps what the head commits to', (_name, fields, own) => {
  expect(statementFor(request(fields), own, null, null).next).toBe(own.next);
});

test.each<[string, Partial<StatementRequest>]>([
  ['a revoke of the active key', { type: 'revoke' }],
  ['a recommit', { type: 'recommit', new_key_id: 'a' }],
])('%s commits anew, and to another key than before', (_name, fields) => {
  const asked = request(fields);
  const comesIn = asked.type === 'revoke' ? statedKeyOf(publicKeyOf('fresh')) : null;
  expect(statementFor(asked, ring, comesIn, AHEAD)).toMatchObject({ next: AHEAD, authority_epoch: 4 });
  expect(() => statementFor(asked, ring, comesIn, null)).toThrow(
    expect.objectContaining({ detail: 'signing: next not kept' }),
  );
});

test.each<[string, () => unknown]>([
  [
    'brings in another key than the committed one',
    () => statementFor(rotate, ring, statedKeyOf(publicKeyOf('x')), AHEAD),
  ],
  ['commits to nothing new', () => statementFor(rotate, ring, coming, null)],
])('no rotation is made that %s', (_name, make) => {
  expect(make).toThrow(expect.objectContaining({ detail: 'signing: next not kept' }));
});

test.each<[string, Partial<StatementRequest>, string]>([
  ['an old key that the ring does not hold', { old_key_id: 'z', closes_at, transition_expires }, 'old_key_id'],
  ['a key that comes back from nowhere', { type: 'rollback', new_key_id: 'z', transition_expires }, 'new_key_id'],
  ['an unstage of the active key', { type: 'unstage', old_key_id: 'a', new_key_id: 'b' }, 'new_key_id'],
  ['a recommit of two keys', { type: 'unstage', old_key_id: 'a', new_key_id: 'a' }, 'statement'],
])('%s is refused', (_name, fields, field) => {
  expect(() => statementFor(request(fields), ring, null, null)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) }),
  );
});

test('what is well-formed passes', () => {
  expect(() => checkRequest(rotate, ring, true)).not.toThrow();
  expect(() => checkRequest(create, undefined, true)).not.toThrow();
});

test.each([
  ['not the next', 6],
  ['the one that is', 4],
])('an epoch that is %s is another ring’s', (_name, epoch) => {
  expect(() => checkRequest({ ...rotate, epoch }, ring, true)).toThrow(
    expect.objectContaining({ code: 'ABORTED', body: expect.objectContaining({ epoch: 4 }) }),
  );
});

test.each<[string, Partial<StatementRequest>, string]>([
  ['no time', { opened_at: 'yesterday' }, 'opened_at'],
  ['a window that closes as it opens', { closes_at: rotate.opened_at }, 'closes_at'],
  ['an end that is no time', { closes_at: 'later' }, 'closes_at'],
  ['S6: an expiry before it closes', { transition_expires: '2031-05-02T09:59:59Z' }, 'transition_expires'],
  ['S6: an expiry that is no time', { transition_expires: 'later' }, 'transition_expires'],
])('a rotation with %s is refused', (_name, change, field) => {
  expect(() => checkRequest({ ...rotate, ...change }, ring, true)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) }),
  );
});

test.each<[string, StatementRequest, string]>([
  ['a rotation without an end', request({}), 'closes_at'],
  ['a first key with an end', { ...create, closes_at, transition_expires }, 'closes_at'],
  ['a first key with an expiry', { ...create, transition_expires }, 'transition_expires'],
  ['S6: a rotation without an expiry', request({ closes_at }), 'transition_expires'],
  ['a revoke that expires', request({ type: 'revoke', transition_expires }), 'transition_expires'],
  ['a stage without an expiry', request({ type: 'stage' }), 'transition_expires'],
  ['a stage with a window', request({ type: 'stage', closes_at, transition_expires }), 'closes_at'],
])('%s is refused', (_name, asked, field) => {
  expect(() => checkRequest(asked, asked.type === 'create' ? undefined : ring, true)).toThrow(
    expect.objectContaining({ body: expect.objectContaining({ field }) }),
  );
});

test('no first key is made for a ring that is there', () => {
  expect(() => checkRequest(create, ring, true)).toThrow(expect.objectContaining({ code: 'ALREADY_EXISTS' }));
  expect(() => checkRequest({ ...create, scope: PLATFORM }, ringOf(PLATFORM, 7, { p: 'active' }), true)).toThrow();
});

test.each([
  ['signs', ringOf(DOMAIN, 4, { b: 'active' })],
  ['is retiring', rotatedRing(DOMAIN, 4, 'b', 'a')],
  ['was retired just now', ringOf(DOMAIN, 4, { a: 'active' }, { transition: transitionOf('b', 'a', 'closed') })],
  ['was rolled back', ringOf(DOMAIN, 4, { a: 'active' }, { transition: transitionOf('a', 'b', 'rolled_back') })],
])('a key id that %s is in use', (_name, own) => {
  expect(() => checkRequest(rotate, own, true)).toThrow(expect.objectContaining({ detail: 'signing: key id in use' }));
});
