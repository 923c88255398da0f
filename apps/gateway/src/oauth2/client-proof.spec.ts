import { ASSERTION_TYPE, proofOf } from './client-proof';
import { parseForm, type Form } from './form';

const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

describe('a form', () => {
  test('is read as it is encoded, and what nobody asks for is passed over', () => {
    expect(parseForm('grant_type=client_credentials&scope=api+read&foo=1&foo=2&client_secret=a%2Bb%20c')).toEqual({
      grant_type: 'client_credentials',
      scope: 'api read',
      client_secret: 'a+b c',
    });
  });

  test('has no parameter without a value', () => {
    expect(parseForm('scope=&client_id&grant_type=x')).toEqual({ grant_type: 'x' });
    expect(parseForm('')).toEqual({});
  });

  test.each([
    ['a parameter twice', 'scope=a&scope=a'],
    ['one twice, once without a value', 'scope=&scope=a'],
    ['one twice in two spellings', 'scope=a&sc%6fpe=b'],
    ['half of an escape', 'scope=%4'],
    ['bytes that are no UTF-8', 'scope=%ff'],
  ])('with %s is refused', (_, text) => {
    expect(() => parseForm(text)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400 }));
  });

  test('names none of what every object has', () => {
    expect(parseForm('__proto__=a&constructor=b&toString=c')).toEqual({});
  });
});

describe('what a client shows', () => {
  test.each<[string, string | undefined, Form, object]>([
    ['Basic', basic('billing', 's3cret'), {}, { by: 'client_secret_basic', clientId: 'billing', secret: 's3cret' }],
    [
      'Basic in form encoding, a colon in the secret',
      basic('a%7Eb', 'x:y%3Az+%2B'),
      {},
      { by: 'client_secret_basic', clientId: 'a~b', secret: 'x:y:z +' },
    ],
    [
      'Basic beside its own name',
      basic('billing', 's'),
      { client_id: 'billing' },
      { by: 'client_secret_basic', clientId: 'billing', secret: 's' },
    ],
    [
      'a secret in the form',
      undefined,
      { client_id: 'billing', client_secret: 's' },
      { by: 'client_secret_post', clientId: 'billing', secret: 's' },
    ],
    [
      'an assertion',
      undefined,
      { client_assertion: 'a.b.c', client_assertion_type: ASSERTION_TYPE },
      { by: 'private_key_jwt', clientId: undefined, assertion: 'a.b.c' },
    ],
  ])('%s', (_, authorization, form, proof) => {
    expect(proofOf(authorization, form)).toEqual(proof);
  });

  test.each<[string, string | undefined, Form, string]>([
    ['nothing', undefined, {}, 'invalid_client'],
    ['a name alone', undefined, { client_id: 'billing' }, 'invalid_client'],
    ['a secret of nobody', undefined, { client_secret: 's' }, 'invalid_client'],
    ['another scheme', 'Bearer abc', {}, 'invalid_client'],
    ['Basic without a colon', `Basic ${Buffer.from('billing').toString('base64')}`, {}, 'invalid_client'],
    ['Basic without a name', basic('', 's'), {}, 'invalid_client'],
    ['Basic that is no base64', 'Basic !!!', {}, 'invalid_client'],
    ['Basic of 4 KB', basic('billing', 's'.repeat(4_000)), {}, 'invalid_client'],
    ['a name that is none', basic('bill\u0000ing', 's'), {}, 'invalid_client'],
    ['half of an escape', basic('billing', '%4'), {}, 'invalid_request'],
    ['two ways', basic('billing', 's'), { client_secret: 's', client_id: 'billing' }, 'invalid_request'],
    ['two others', undefined, { client_secret: 's', client_id: 'b', client_assertion: 'a' }, 'invalid_request'],
    ['half of a second', basic('billing', 's'), { client_assertion_type: ASSERTION_TYPE }, 'invalid_request'],
    ['another name beside Basic', basic('billing', 's'), { client_id: 'jobs' }, 'invalid_request'],
    ['an assertion of no type', undefined, { client_assertion: 'a.b.c' }, 'invalid_request'],
    ['a type without an assertion', undefined, { client_assertion_type: ASSERTION_TYPE }, 'invalid_client'],
  ])('%s is refused', (_, authorization, form, code) => {
    expect(() => proofOf(authorization, form)).toThrow(expect.objectContaining({ code }));
  });
});
