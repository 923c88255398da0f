/**
 * Most of what the model costs is loading the same keys, and making and verifying the same signatures of the same
 * statements: Ed25519 has no randomness, so each is done once, for real.
 */
import crypto, { type KeyObject } from 'node:crypto';

type By = KeyObject | { key: KeyObject };
const keyOf = (by: By): KeyObject => ('key' in by ? by.key : by);

export function computeOnce(): void {
  const { createPublicKey, sign, verify } = crypto;
  const keys = new Map<string, KeyObject>();
  const verdicts = new WeakMap<object, Map<string, boolean>>();
  jest.spyOn(crypto, 'createPublicKey').mockImplementation((input) => {
    const name = (input as { key?: { x?: string } }).key?.x;
    if (name === undefined) return createPublicKey(input);
    const key = keys.get(name) ?? createPublicKey(input);
    keys.set(name, key);
    return key;
  });
  const verifyOnce = (algorithm: null, data: Buffer, by: By, signature: Buffer): boolean => {
    const known = verdicts.get(keyOf(by)) ?? new Map<string, boolean>();
    verdicts.set(keyOf(by), known);
    const name = `${signature.toString('latin1')} ${data.toString('latin1')}`;
    const verdict = known.get(name) ?? verify(algorithm, data, by, signature);
    known.set(name, verdict);
    return verdict;
  };
  const signatures = new WeakMap<object, Map<string, Buffer>>();
  const signOnce = (algorithm: undefined, data: Buffer, by: By): Buffer => {
    const known = signatures.get(keyOf(by)) ?? new Map<string, Buffer>();
    signatures.set(keyOf(by), known);
    const name = data.toString('latin1');
    const signature = known.get(name) ?? sign(algorithm, data, by);
    known.set(name, signature);
    return signature;
  };
  jest.spyOn(crypto, 'sign').mockImplementation(signOnce as typeof crypto.sign);
  jest.spyOn(crypto, 'verify').mockImplementation(verifyOnce as typeof crypto.verify);
}
