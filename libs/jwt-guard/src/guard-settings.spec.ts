import { testCertificates } from '@plexsphere/testkit';
import type { JwtGuardOptions } from './guard-options';
import { readSettings } from './guard-settings';

const GOOD: JwtGuardOptions = { issuer: 'https://issuer.example', audience: 'orders' };

it.each<[option: string, change: object]>([
  ['issuer', { issuer: undefined }],
  ['issuer', { issuer: '' }],
  ['issuer', { issuer: 'issuer.example' }],
  ['issuer', { issuer: 'ftp://issuer.example' }],
  ['issuer', { issuer: 'https://user:word@issuer.example' }],
  ['issuer', { issuer: 'https://issuer.example?a=b' }],
  ['issuer', { issuer: 'https://issuer.example#a' }],
  ['audience', { audience: undefined }],
  ['audience', { audience: '' }],
  ['audience', { audience: [] }],
  ['audience', { audience: ['orders', ''] }],
  ['audience', { audience: 5 }],
  ['audience', { audience: 'a "quoted" one' }],
  ['audience', { audience: 'one\r\nset-cookie: a=b' }],
  ['jwksUri', { jwksUri: 'nowhere' }],
  ['jwksUri', { jwksUri: 'file:///etc/passwd' }],
  ['jwksUri', { jwksUri: 'http://issuer.example/jwks.json' }],
  ['jwksUri', { issuer: 'http://issuer.example' }],
  ['jwksUri', { issuer: 'http://localhost.example' }],
  ['jwksUri', { issuer: 'http://127.0.0.1.example' }],
  ['types', { types: [] }],
  ['types', { types: [''] }],
  ['clockToleranceSeconds', { clockToleranceSeconds: -1 }],
  ['clockToleranceSeconds', { clockToleranceSeconds: 61 }],
  ['clockToleranceSeconds', { clockToleranceSeconds: NaN }],
  ['clockToleranceSeconds', { clockToleranceSeconds: '5' }],
  ['ca', { issuer: 'http://127.0.0.1:8080', ca: 'a certificate' }],
  ['ca', { ca: 'no certificate' }],
  ['times.pollEveryMs', { times: { pollEveryMs: 25_001 } }],
  ['times.fetchWithinMs', { times: { fetchWithinMs: 0 } }],
  ['times.refetchAfterMs', { times: { refetchAfterMs: NaN } }],
  ['times.serveUnconfirmedMs', { times: { serveUnconfirmedMs: 900_001 } }],
  ['times.another', { times: { another: 1 } }],
])('refuses %s of %j', (option, change) => {
  expect(() => readSettings({ ...GOOD, ...change })).toThrow(
    expect.objectContaining({ name: 'GuardOptionError', option }) as Error,
  );
});

it.each([
  ['https://issuer.example', 'https://issuer.example/.well-known/jwks.json'],
  ['https://issuer.example/', 'https://issuer.example/.well-known/jwks.json'],
  ['https://issuer.example/issuers/shop', 'https://issuer.example/issuers/shop/.well-known/jwks.json'],
  ['http://localhost:8080', 'http://localhost:8080/.well-known/jwks.json'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/.well-known/jwks.json'],
  ['http://[::1]:8080', 'http://[::1]:8080/.well-known/jwks.json'],
])('finds the keys of %s at %s', (issuer, url) => {
  expect(readSettings({ ...GOOD, issuer }).jwksUrl.href).toBe(url);
});

it('takes what is insisted on, and the certificates of an issuer’s own', () => {
  const plain = readSettings({ ...GOOD, issuer: 'http://issuer.example', allowPlaintext: true });
  expect(plain.jwksUrl.protocol).toBe('http:');
  const { ca } = testCertificates(['issuer.example']);
  expect(readSettings({ ...GOOD, ca }).ca).toBe(ca);
});

it('tells the first audience as the realm', () => {
  expect(readSettings({ ...GOOD, audience: ['orders', 'https://orders.example'] })).toMatchObject({
    audience: ['orders', 'https://orders.example'],
    realm: 'orders',
  });
});
