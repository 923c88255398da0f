import { createBusKey } from '../bus-credential';
import { JwsError, nodeKeyOf, readProof, signKeyChange, signProof, type NodeKey, type ProofKind } from './index';
import { encodeObject } from './encoding';
import { signCompact } from './compact';

const newKey = (): NodeKey => {
  const key = nodeKeyOf(createBusKey('user').seed);
  if (key === undefined) throw new Error('a seed that is none');
  return key;
};
const AUD = createBusKey('account').publicKey;
const NODE = '0b5f9a52-7d5e-4c58-9f3e-5f3c1a2b3c4d';
const ASK = { aud: AUD, exp: 1_800_000_000, node_id: NODE, failed: null };
const CHANGE = { aud: AUD, exp: 1_800_000_000, node_id: NODE, generation: 3 };

const refusalOf = (kinds: ProofKind[], text: string): string => {
  try {
    readProof(kinds, text);
  } catch (error) {
    if (error instanceof JwsError) return error.code;
    throw error;
  }
  return 'taken';
};

describe('a proof of a Node key', () => {
  const [old, next, other] = [newKey(), newKey(), newKey()];

  it('says what it is for, whose key it is by, and which request it is', async () => {
    const text = await signProof('ask', ASK, old);
    expect(readProof(['ask', 'key-change'], text)).toMatchObject({ kind: 'ask', publicKey: old.keyId, claims: ASK });
    expect(readProof(['ask'], text).hash).not.toBe(readProof(['ask'], await signProof('ask', ASK, next)).hash);
  });

  it('of a change has both keys say the same', async () => {
    const text = await signKeyChange(CHANGE, { old, new: next });
    const read = readProof(['ask', 'key-change'], text);
    expect(read).toMatchObject({ kind: 'key-change', publicKey: old.keyId });
    expect(read.claims).toMatchObject({ ...CHANGE, old_key: old.keyId, new_key: next.keyId });
  });

  it('is not one of another kind', async () => {
    expect(refusalOf(['token'], await signProof('ask', ASK, old))).toBe('wrong_type');
    expect(
      refusalOf(
        ['key-change'],
        await signProof('key-possession', { ...CHANGE, old_key: old.keyId, new_key: next.keyId }, next),
      ),
    ).toBe('wrong_type');
    expect(refusalOf(['ask'], await signCompact('plexsphere-data+jws', ASK, old))).toBe('wrong_type');
  });

  it('is refused where a byte of it is another', async () => {
    const text = await signProof('ask', ASK, old);
    const [header, payload, signature] = text.split('.') as [string, string, string];
    expect(refusalOf(['ask'], `${header}.${encodeObject({ ...ASK, exp: ASK.exp + 1 })}.${signature}`)).toBe(
      'signature_invalid',
    );
    expect(
      refusalOf(
        ['ask'],
        `${encodeObject({ alg: 'EdDSA', typ: 'plexsphere-node-ask+jws', kid: other.keyId })}.${payload}.${signature}`,
      ),
    ).toBe('signature_invalid');
    for (const broken of ['', '.', '..', 'a.b.c', text.slice(0, -1), `${text}.`, 'x'.repeat(5_000)])
      expect(refusalOf(['ask'], broken)).toMatch(/malformed|wrong_type/);
  });

  it.each([
    ['one member more', { ...ASK, more: 1 }],
    ['one member less', { aud: ASK.aud, exp: ASK.exp, node_id: NODE }],
    ['no Node', { ...ASK, node_id: 'me' }],
    ['an end that is no number', { ...ASK, exp: '1800000000' }],
    ['a failure without a run', { ...ASK, failed: { reason: 'disk_full' } }],
    ['a failure in words', { ...ASK, failed: { run: NODE, reason: 'It broke.' } }],
  ])('is malformed with %s', async (_, claims) => {
    const text = await signCompact('plexsphere-node-ask+jws', claims, old);
    expect(refusalOf(['ask'], text)).toBe('malformed');
  });

  describe('of a change is refused', () => {
    const possession = (key: NodeKey, claims: object = {}) =>
      signProof('key-possession', { ...CHANGE, old_key: old.keyId, new_key: next.keyId, ...claims }, key);
    const around = (inner: string, claims: object = {}, key = old) =>
      signProof(
        'key-change',
        { ...CHANGE, old_key: old.keyId, new_key: next.keyId, ...claims, possession: inner },
        key,
      );

    it('without the new key: whoever asks has not proven to hold it', async () => {
      expect(refusalOf(['key-change'], await around(await possession(other)))).toBe('proofs_disagree');
      expect(refusalOf(['key-change'], await around('none'))).toBe('malformed');
    });

    it('without the old key: nobody who may has asked for it', async () => {
      expect(refusalOf(['key-change'], await around(await possession(next), {}, other))).toBe('proofs_disagree');
    });

    it.each([
      ['generation', { generation: 4 }],
      ['Node', { node_id: '1b5f9a52-7d5e-4c58-9f3e-5f3c1a2b3c4d' }],
      ['audience', { aud: createBusKey('account').publicKey }],
      ['end', { exp: CHANGE.exp + 1 }],
      ['new key', { new_key: other.keyId }],
      ['old key', { old_key: other.keyId }],
    ])('where the two name another %s', async (_, inner) => {
      expect(refusalOf(['key-change'], await around(await possession(next, inner)))).toBe('proofs_disagree');
    });

    it('from a key to itself', async () => {
      const text = await signKeyChange(CHANGE, { old, new: old });
      expect(refusalOf(['key-change'], text)).toBe('proofs_disagree');
    });
  });
});
