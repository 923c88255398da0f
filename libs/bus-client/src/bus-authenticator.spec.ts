import { createUser, type KeyPair } from '@nats-io/nkeys';
import { busCredentialText } from '@plexsphere/testkit';
import { credsAuthenticator } from 'nats';
import { busAuthenticator, readBusCredential } from './bus-authenticator';

type Answer = { jwt: string; sig: string };
const seedOf = (user: KeyPair): string => Buffer.from(user.getSeed()).toString();
const answerOf = (text: string, nonce: string) => busAuthenticator(() => readBusCredential(text))(nonce) as Answer;

it('answers the challenge by the key of the credential', () => {
  const user = createUser();
  const answer = answerOf(busCredentialText('the.user.jwt', seedOf(user)), 'challenge');
  expect(answer.jwt).toBe('the.user.jwt');
  expect(user.verify(Buffer.from('challenge'), Buffer.from(answer.sig, 'base64url'))).toBe(true);
});

it('answers as the client library does', () => {
  const text = busCredentialText();
  const [ours, theirs] = [answerOf(text, 'nonce'), credsAuthenticator(Buffer.from(text))('nonce') as Answer];
  expect(ours.jwt).toBe(theirs.jwt);
  expect(Buffer.from(ours.sig, 'base64url')).toEqual(Buffer.from(theirs.sig, 'base64'));
});

it.each([
  ['nothing', ''],
  ['a JWT without a seed', busCredentialText().split('IMPORTANT')[0] ?? ''],
  ['the seed of an account', busCredentialText().replace(/^SU/m, 'SA')],
  ['a seed cut short', busCredentialText().replace(/^(SU.{20}).*/m, '$1')],
  [
    'a seed with a slip in it',
    busCredentialText().replace(/^(SU.{20})(.)/m, (_, head, c) => head + (c === 'A' ? 'B' : 'A')),
  ],
])('takes %s for no credential', (_, text) => {
  expect(() => readBusCredential(text)).toThrow(expect.objectContaining({ code: 'bad_credential' }));
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const JWS_INPUT = `${encoded({ alg: 'EdDSA', typ: 'data' })}.${encoded({ mine: true })}`;

it.each([
  ['a JWS input', JWS_INPUT],
  ['the canonical text of an envelope', '{"event_type":"x"}'],
  ['65 characters', 'a'.repeat(65)],
  ['padding', 'abcd='],
  ['a blank', 'ab cd'],
  ['a line break at the end', 'abcd\n'],
])('S15: signs nothing of what is no nonce: %s', (_, nonce) => {
  expect(() => answerOf(busCredentialText(), nonce)).toThrow(expect.objectContaining({ code: 'nonce_refused' }));
});

it('S15: shows neither credential nor signature to a bus that asks for nothing', () => {
  expect(busAuthenticator(() => readBusCredential(busCredentialText()))('')).toBeUndefined();
});

it('reads the credential anew at each challenge', () => {
  const users = [createUser(), createUser()];
  const texts = users.map((user, index) => busCredentialText(`jwt.${index}`, seedOf(user)));
  const authenticate = busAuthenticator(() => readBusCredential(texts.shift() ?? ''));
  for (const [index, user] of users.entries()) {
    const { jwt, sig } = authenticate('challenge') as Answer;
    expect(jwt).toBe(`jwt.${index}`);
    expect(user.verify(Buffer.from('challenge'), Buffer.from(sig, 'base64url'))).toBe(true);
  }
});
