import { MESH_ALGORITHM, PLATFORM } from '@plexsphere/wire';
import type { GenerateKey } from '@plexsphere/wire/commands';
import { DOMAIN, publicKeyOf, ringOf, rotatedRing, transitionOf } from '@plexsphere/testkit';
import { checkRequest, statementFor } from './statement';

const ring = ringOf(DOMAIN, 4, { a: 'active' });
const platform = ringOf(PLATFORM, 7, { p: 'active' });

const rotate: GenerateKey = {
  type: 'rotate',
  scope: DOMAIN,
  epoch: 5,
  authority_epoch: 4,
  new_key_id: 'b',
  algorithm: MESH_ALGORITHM,
  opened_at: '2031-05-01T10:00:00Z',
  closes_at: '2031-05-02T10:00:00Z',
  transition_expires: '2031-05-02T10:00:30Z',
  duration_ms: 1_000,
};
const create: GenerateKey = {
  type: 'create',
  scope: DOMAIN,
  epoch: 1,
  authority_epoch: 7,
  new_key_id: 'b',
  algorithm: MESH_ALGORITHM,
  opened_at: rotate.opened_at,
  duration_ms: 1_000,
};

test('to rotate, the old key is the authority and the statement before is named', () => {
  expect(statementFor(rotate, ring, publicKeyOf('b'))).toEqual({
    type: 'rotate',
    scope: DOMAIN,
    epoch: 5,
    old_key_id: 'a',
    old_public_key: publicKeyOf('a'),
    new_key_id: 'b',
    new_public_key: publicKeyOf('b'),
    opened_at: rotate.opened_at,
    closes_at: rotate.closes_at,
    transition_expires: rotate.transition_expires,
    previous: ring.statement_hash,
  });
});

test('to create, nothing comes before', () => {
  expect(statementFor(create, platform, publicKeyOf('b'))).toMatchObject({
    type: 'create',
    scope: DOMAIN,
    epoch: 1,
    old_key_id: null,
    old_public_key: null,
    closes_at: null,
    transition_expires: null,
    previous: null,
  });
});

test('what is well-formed passes', () => {
  expect(() => checkRequest(rotate, ring, ring)).not.toThrow();
  expect(() => checkRequest(create, platform, undefined)).not.toThrow();
});

test.each<[string, Partial<GenerateKey>, string]>([
  ['an epoch that is not the next', { epoch: 6 }, 'epoch'],
  ['the epoch that is', { epoch: 4 }, 'epoch'],
  ['no time', { opened_at: 'yesterday' }, 'opened_at'],
  ['a window that closes as it opens', { closes_at: rotate.opened_at }, 'closes_at'],
  ['an end that is no time', { closes_at: 'later' }, 'closes_at'],
  ['S6: an expiry before it closes', { transition_expires: '2031-05-02T09:59:59Z' }, 'transition_expires'],
  ['S6: an expiry that is no time', { transition_expires: 'later' }, 'transition_expires'],
])('a rotation with %s is refused', (_name, change, field) => {
  expect(() => checkRequest({ ...rotate, ...change }, ring, ring)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field }) }),
  );
});

const closes_at = '2031-05-02T10:00:00Z';

test.each<[string, GenerateKey, string]>([
  ['a rotation without an end', { ...create, type: 'rotate', epoch: 5 }, 'closes_at'],
  ['a first key with an end', { ...rotate, type: 'create', epoch: 1 }, 'closes_at'],
  ['a first key with an expiry', { ...create, transition_expires: '2031-05-02T10:00:30Z' }, 'transition_expires'],
  ['S6: a rotation without an expiry', { ...create, type: 'rotate', epoch: 5, closes_at }, 'transition_expires'],
])('%s is refused', (_name, request, field) => {
  const authority = request.type === 'create' ? platform : ring;
  expect(() => checkRequest(request, authority, undefined)).toThrow(
    expect.objectContaining({ body: expect.objectContaining({ field }) }),
  );
});

test('the platform does not make its own first key: that is the recovery key’s', () => {
  expect(() => checkRequest({ ...create, scope: PLATFORM }, platform, platform)).toThrow(
    expect.objectContaining({ body: expect.objectContaining({ field: 'scope' }) }),
  );
});

test.each([
  ['signs', ringOf(DOMAIN, 4, { b: 'active' })],
  ['is retiring', rotatedRing(DOMAIN, 4, 'b', 'a')],
  ['was retired just now', ringOf(DOMAIN, 4, { a: 'active' }, { transition: transitionOf('b', 'a', 'closed') })],
  ['was rolled back', ringOf(DOMAIN, 4, { a: 'active' }, { transition: transitionOf('a', 'b', 'rolled_back') })],
])('a key id that %s is in use', (_name, own) => {
  expect(() => checkRequest(rotate, own, own)).toThrow(expect.objectContaining({ detail: 'signing: key id in use' }));
});
