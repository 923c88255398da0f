import { createDecipheriv, scryptSync } from 'node:crypto';
import { newKeyPair } from '@plexsphere/testkit';
import { publicText } from './algorithms';
import { openRecoveryKey, sealRecoveryKey } from './recovery-file';

const PASSPHRASE = 'correct horse battery staple';
// Each try of a passphrase takes half a second of a core, where it is not made cheap.
jest.setTimeout(60_000);
const CHEAP = { n: 2, r: 8, p: 1 };

const { privateKey, publicKey } = newKeyPair();
let text: string;
beforeAll(async () => (text = await sealRecoveryKey(privateKey, PASSPHRASE, CHEAP)));

const changed = (change: (file: Record<string, unknown> & { scrypt: Record<string, unknown> }) => void): string => {
  const file = JSON.parse(text) as Parameters<typeof change>[0];
  change(file);
  return JSON.stringify(file);
};

it('S16: stretches the passphrase by scrypt at 128 MiB, with a salt of its own', async () => {
  const sealed = await sealRecoveryKey(privateKey, PASSPHRASE);
  const { format, scrypt } = JSON.parse(sealed) as { format: string; scrypt: Record<string, unknown> };
  expect(format).toBe('plexsphere-recovery-key/1');
  expect(scrypt).toMatchObject({ n: 131_072, r: 8, p: 1 });
  const again = JSON.parse(await sealRecoveryKey(privateKey, PASSPHRASE)) as { scrypt: { salt: string } };
  expect(again.scrypt.salt).not.toBe(scrypt['salt']);
  expect(publicText(await openRecoveryKey(sealed, PASSPHRASE))).toBe(publicText(publicKey));
});

it('opens by its passphrase alone', async () => {
  expect(publicText(await openRecoveryKey(text, PASSPHRASE))).toBe(publicText(publicKey));
  await expect(openRecoveryKey(text, `${PASSPHRASE} `)).rejects.toMatchObject({
    body: { field: 'recovery_passphrase' },
  });
});

it('opens by what is written in it and the documented form, without this code', () => {
  const file = JSON.parse(text) as {
    format: string;
    public_key: string;
    scrypt: { n: number; r: number; p: number; salt: string };
    nonce: string;
    ciphertext: string;
  };
  const { n: N, r, p, salt } = file.scrypt;
  const key = scryptSync(PASSPHRASE, Buffer.from(salt, 'base64'), 32, { N, r, p, maxmem: 2 ** 30 });
  const sealed = Buffer.from(file.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.nonce, 'base64'));
  const { format, public_key, scrypt } = file;
  decipher.setAAD(Buffer.from(JSON.stringify({ format, public_key, scrypt })));
  decipher.setAuthTag(sealed.subarray(-16));
  const pkcs8 = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  expect(pkcs8).toEqual(privateKey.secret());
});

it('takes the same characters in another spelling of Unicode', async () => {
  const sealed = await sealRecoveryKey(privateKey, 'Schl\u00fcssel-Passwort', CHEAP);
  await expect(openRecoveryKey(sealed, 'Schlu\u0308ssel-Passwort')).resolves.toBeDefined();
});

it.each([
  ['another public key', changed.bind(undefined, (file) => (file['public_key'] = publicText(newKeyPair().publicKey)))],
  ['another salt', changed.bind(undefined, (file) => (file.scrypt['salt'] = Buffer.alloc(16).toString('base64')))],
  [
    'a ciphertext with a changed byte',
    changed.bind(undefined, (file) => (file['ciphertext'] = flip(file['ciphertext']))),
  ],
])('does not open with %s', async (_, make) => {
  await expect(openRecoveryKey(make(), PASSPHRASE)).rejects.toMatchObject({ body: { field: 'recovery_passphrase' } });
});

it.each([
  ['no JSON', () => 'BEGIN ENCRYPTED PRIVATE KEY'],
  ['another format', () => changed((file) => (file['format'] = 'plexsphere-recovery-key/2'))],
  ['a cost that takes the machine down', () => changed((file) => (file.scrypt['n'] = 2 ** 30))],
  ['a cost that scrypt does not know', () => changed((file) => (file.scrypt['n'] = 131_071))],
  ['a cost that is no number', () => changed((file) => (file.scrypt['n'] = '131072'))],
  ['a nonce that is too short', () => changed((file) => (file['nonce'] = 'AAAA'))],
  ['more than it can hold', () => text + ' '.repeat(5_000)],
])('refuses %s before it works on it', async (_, make) => {
  await expect(openRecoveryKey(make(), PASSPHRASE)).rejects.toMatchObject({ body: { field: 'recovery_key' } });
});

function flip(base64: unknown): string {
  const bytes = Buffer.from(String(base64), 'base64');
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  return bytes.toString('base64');
}
