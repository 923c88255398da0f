import { SharedSignatures } from './shared-signatures';

describe('SharedSignatures', () => {
  let nowMs = 0;
  let signed = 0;
  const sign = () => Promise.resolve(`signature-${++signed}`);

  beforeEach(() => {
    nowMs = 0;
    signed = 0;
  });

  it('serves many Nodes with one signature, each Node once', async () => {
    const shared = new SharedSignatures(() => nowMs);
    const texts = await Promise.all(['a', 'b', 'c'].map((node) => shared.for(node, 'k', sign)));
    expect(new Set(texts)).toEqual(new Set(['signature-1']));
    await expect(shared.for('b', 'k', sign)).resolves.toBe('signature-2');
    await expect(shared.for('d', 'k', sign)).resolves.toBe('signature-2');
    await expect(shared.for('a', 'other', sign)).resolves.toBe('signature-3');
  });

  it('is a minute old at most', async () => {
    const shared = new SharedSignatures(() => nowMs);
    await shared.for('a', 'k', sign);
    nowMs = 59_999;
    await expect(shared.for('b', 'k', sign)).resolves.toBe('signature-1');
    nowMs = 60_000;
    await expect(shared.for('c', 'k', sign)).resolves.toBe('signature-2');
  });

  it('gives what has no nonce to everybody', async () => {
    const shared = new SharedSignatures(() => nowMs);
    await shared.for('everybody', 'k', sign);
    await expect(shared.for('everybody', 'k', sign)).resolves.toBe('signature-1');
  });

  it('does not keep a failure', async () => {
    const shared = new SharedSignatures(() => nowMs);
    const fail = () => Promise.reject(new Error('no signer'));
    const both = [shared.for('a', 'k', fail), shared.for('b', 'k', sign)];
    await expect(Promise.allSettled(both)).resolves.toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await expect(shared.for('a', 'k', sign)).resolves.toBe('signature-1');
  });
});
