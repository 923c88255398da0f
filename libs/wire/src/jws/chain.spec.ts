import { newKeyPair } from '@plexsphere/testkit';
import { publicText, type PrivateKey, type PublicKey } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { walkChain, type ChainAnchor } from './chain';
import { signStatement, statementHash, type Statement } from './statement';

interface Pair {
  keyId: string;
  privateKey: PrivateKey;
  publicKey: PublicKey;
}
const pair = (keyId: string): Pair => ({ keyId, ...newKeyPair() });
const keys = ['key-1', 'key-2', 'key-3', 'key-4'].map(pair);
const key = (number: number): Pair => keys[number - 1]!;
const scope = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });

const rotate = (from: Pair, to: Pair, previous: string, changes: Partial<Statement> = {}): Promise<string> =>
  signStatement(
    {
      type: 'rotate',
      scope,
      epoch: 2,
      old_key_id: from.keyId,
      old_public_key: publicText(from.publicKey),
      new_key_id: to.keyId,
      new_public_key: publicText(to.publicKey),
      opened_at: '2026-03-01T12:00:00Z',
      closes_at: '2026-03-02T12:00:00Z',
      transition_expires: '2026-03-02T12:00:30Z',
      previous,
      ...changes,
    },
    from,
    to,
  );

let anchor: ChainAnchor;
/** Three rotations; closes lie between, so epochs skip. */
let chain: [string, string, string];

beforeAll(async () => {
  const start = Buffer.alloc(32, 7).toString('base64url');
  anchor = {
    keys: [{ keyId: 'key-1', publicKey: key(1).publicKey }],
    activeKeyId: 'key-1',
    statementHash: start,
    epoch: 1,
  };
  const first = await rotate(key(1), key(2), start, { epoch: 2 });
  const second = await rotate(key(2), key(3), statementHash(first), { epoch: 4 });
  const third = await rotate(key(3), key(4), statementHash(second), { epoch: 6 });
  chain = [first, second, third];
});

const names = ({ keys }: ChainAnchor): string[] => keys.map(({ keyId }) => keyId);

test('a verifier that slept through three rotations ends at the present key', async () => {
  const end = await walkChain(chain, anchor);
  expect(end).toMatchObject({ epoch: 6, statementHash: statementHash(chain[2]) });
  expect(names(end)).toEqual(['key-4', 'key-3']);
  expect(publicText(end.keys[0]!.publicKey)).toBe(publicText(key(4).publicKey));
  expect(end.keys.map(({ notAfter }) => notAfter)).toEqual([undefined, new Date('2026-03-02T12:00:30Z')]);
});

test('walking in two goes ends where walking in one does', async () => {
  const middle = await walkChain(chain.slice(0, 1), anchor);
  expect(await walkChain(chain.slice(1), middle)).toMatchObject({ epoch: 6, statementHash: statementHash(chain[2]) });
});

test('no statements change nothing', async () => {
  await expect(walkChain([], anchor)).resolves.toBe(anchor);
});

test('a key whose time is over still is where the walk begins', async () => {
  const slept = { ...anchor, keys: [{ ...anchor.keys[0]!, notAfter: new Date(0) }] };
  await expect(walkChain(chain, slept)).resolves.toMatchObject({ epoch: 6 });
});

test('those up to the last one taken are passed over, by their hash', async () => {
  const middle = await walkChain(chain.slice(0, 2), anchor);
  await expect(walkChain(chain, middle)).resolves.toMatchObject({ activeKeyId: 'key-4', epoch: 6 });
  await expect(walkChain(chain.slice(0, 2), middle)).resolves.toBe(middle);
});

test.each([Number.MAX_SAFE_INTEGER, 0])(
  'S6: an epoch of %d in the anchor keeps no true statement out',
  async (epoch) => {
    await expect(walkChain(chain, { ...anchor, epoch })).resolves.toMatchObject({ epoch: 6 });
  },
);

describe('S7: only the active key says what follows', () => {
  const stranger = pair('stranger');

  test.each<[string, Partial<TrustedKey>]>([
    ['a retiring key that still verifies', { notAfter: new Date('2099-01-01T00:00:00Z') }],
    ['a retiring key whose time is over', { notAfter: new Date(0) }],
    ['a key that is staged', {}],
  ])('%s does not', async (_, changes) => {
    const other = { keyId: stranger.keyId, publicKey: stranger.publicKey, ...changes };
    const text = await rotate(stranger, key(2), anchor.statementHash);
    for (const trusted of [
      [other, ...anchor.keys],
      [...anchor.keys, other],
    ]) {
      await expect(walkChain([text], { ...anchor, keys: trusted })).rejects.toEqual(refused('broken_chain'));
    }
  });
});

test('S6: a statement signed anew with another expiry is another statement, which nothing continues', async () => {
  const later = await rotate(key(1), key(2), anchor.statementHash, { transition_expires: '9999-12-31T23:59:59Z' });
  expect(statementHash(later)).not.toBe(statementHash(chain[0]));
  await expect(walkChain([later, chain[1]], anchor)).rejects.toEqual(refused('broken_chain'));
});

describe('a broken link', () => {
  test.each<[string, () => string[] | Promise<string[]>]>([
    ['one left out', () => [chain[0], chain[2]]],
    ['two in the wrong order', () => [chain[1], chain[0], chain[2]]],
    ['one twice', () => [chain[0], chain[0]]],
    ['a beginning that is missing', () => [chain[1], chain[2]]],
    ['another past', async () => [await rotate(key(1), key(2), Buffer.alloc(32, 8).toString('base64url'))]],
    ['an old key that is not trusted', async () => [await rotate(key(3), key(4), anchor.statementHash)]],
    [
      'an epoch that goes back on the way',
      async () => [chain[0], await rotate(key(2), key(3), statementHash(chain[0]), { epoch: 2 })],
    ],
    [
      'another scope on the way',
      async () => [chain[0], await rotate(key(2), key(3), statementHash(chain[0]), { epoch: 3, scope: 'platform' })],
    ],
    [
      'a first statement in place of a rotation',
      async () => [
        await rotate(key(1), key(2), anchor.statementHash, {
          type: 'create',
          old_key_id: null,
          old_public_key: null,
          closes_at: null,
          transition_expires: null,
          previous: null,
        }),
      ],
    ],
  ])('%s', async (_, statements) => {
    await expect(walkChain(await statements(), anchor)).rejects.toEqual(refused('broken_chain'));
  });
});

test('a link that fits, by a forger’s key under the trusted name, is refused', async () => {
  const forger = pair('key-1');
  const text = await rotate(forger, key(2), anchor.statementHash);
  await expect(walkChain([text], anchor)).rejects.toEqual(refused('signature_invalid'));
});

test('what is no statement is malformed', async () => {
  await expect(walkChain([chain[0], '{}'], anchor)).rejects.toEqual(refused('malformed'));
});
