import { parseCreds as parsedByNats } from '@nats-io/jwt';
import { createBusKey } from './bus-key';
import { credsText, parseCreds } from './creds';
import { issueUser } from './users';

const account = createBusKey('account');
const user = createBusKey('user');
const issue = () =>
  issueUser({ accountSeed: account.seed, user: { kind: 'signer' }, name: 'signer', publicKey: user.publicKey });

it('is read back, and by NATS own parser, which verifies the JWT', async () => {
  const jwt = await issue();
  const text = credsText(jwt, user.seed);
  expect(parseCreds(text)).toEqual({ jwt, seed: user.seed, publicKey: user.publicKey, name: 'signer' });
  const theirs = await parsedByNats(Buffer.from(text));
  expect(theirs).toMatchObject({ key: user.seed, jwt, aid: account.publicKey });
});

it.each([
  ['nothing', () => ''],
  ['a JWT alone', () => issue()],
  ['a seed alone', () => `-----BEGIN USER NKEY SEED-----\n${user.seed}\n------END USER NKEY SEED------\n`],
  ['a JWT that is none', () => credsText('a.b.c', user.seed)],
  ['claims that are null', () => credsText('a.bnVsbA.c', user.seed)],
])('refuses %s', async (_, text) => {
  const refused = await text();
  expect(() => parseCreds(refused)).toThrow(expect.objectContaining({ code: 'bad_creds' }));
});
