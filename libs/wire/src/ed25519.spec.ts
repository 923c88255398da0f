import { generateKeyPairSync } from 'node:crypto';
import { publicKeyFromRaw, rawPublicKey } from './ed25519';
import { Problem } from './problem';

const RAW = 'd2B36koumdgRvAgkVOaiMx9QaS3w6Fb21LwnTZ08hB8=';

test('a raw public key comes back as it was', () => {
  expect(rawPublicKey(publicKeyFromRaw(RAW))).toBe(RAW);
});

test('of a private key only the public half comes out', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  expect(rawPublicKey(privateKey)).toBe(rawPublicKey(publicKey));
});

test('a key of another algorithm has no raw form here', () => {
  expect(() => rawPublicKey(generateKeyPairSync('x25519').publicKey)).toThrow(TypeError);
});

test.each([
  ['empty', ''],
  ['unpadded', RAW.slice(0, -1)],
  ['URL-safe', '-_-_6koumdgRvAgkVOaiMx9QaS3w6Fb21LwnTZ08hB8='],
  ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
  ['33 bytes', Buffer.alloc(33, 1).toString('base64')],
  ['with a line feed', `${RAW}\n`],
  ['with bits to spare in its last character', `${RAW.slice(0, -2)}9=`],
])('a public key that is %s is refused', (_, text) => {
  expect(() => publicKeyFromRaw(text)).toThrow(Problem);
});
