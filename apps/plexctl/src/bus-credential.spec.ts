import { createUser } from '@nats-io/nkeys';
import { credsAuthenticator } from 'nats';
import { credential } from '../testing/surroundings';
import { busAuthenticator } from './bus-credential';

describe('the answer to the challenge of the bus', () => {
  it('is signed by the key of the credential', () => {
    const user = createUser();
    const answer = busAuthenticator(credential('the.user.jwt', user))?.('challenge') as { jwt: string; sig: string };
    expect(answer.jwt).toBe('the.user.jwt');
    expect(user.verify(Buffer.from('challenge'), Buffer.from(answer.sig, 'base64url'))).toBe(true);
  });

  it('is the same as that of the client library', () => {
    const text = credential();
    const ours = busAuthenticator(text)?.('nonce') as { jwt: string; sig: string };
    const theirs = credsAuthenticator(Buffer.from(text))('nonce') as { jwt: string; sig: string };
    expect(ours.jwt).toBe(theirs.jwt);
    expect(Buffer.from(ours.sig, 'base64url')).toEqual(Buffer.from(theirs.sig, 'base64'));
  });

  it.each([
    ['nothing', ''],
    ['a JWT without a seed', credential().split('IMPORTANT')[0] ?? ''],
    ['the seed of an account', credential().replace(/^SU/m, 'SA')],
    ['a seed cut short', credential().replace(/^(SU.{20}).*/m, '$1')],
  ])('is not given for %s', (_, text) => {
    expect(busAuthenticator(text)).toBeUndefined();
  });
});
