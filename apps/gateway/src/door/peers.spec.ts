import { Peers } from './peers';
import { networksOf } from './trusted-proxies';

const peer = (
  remoteAddress: string | undefined,
  forwarded?: string,
  trustedProxies = '10.0.0.0/8,fd00::/8,192.0.2.7',
) =>
  new Peers({ trustedProxies } as never).of({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  });

test.each<[string, string, string | undefined, string]>([
  ['who calls', '203.0.113.9', undefined, '203.0.113.9'],
  ['who calls, whatever it says of others', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['whom a proxy was called by', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['the same on a socket for both', '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
  ['the same over IPv6', 'fd12::1', '2001:db8::7', '2001:db8::7'],
  ['a proxy that is named by its address', '192.0.2.7', '198.51.100.1', '198.51.100.1'],
  ['its neighbour', '192.0.2.8', '198.51.100.1', '192.0.2.8'],
  ['behind two proxies the first that is none of them', '10.1.2.3', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
  ['not what a caller wrote before it', '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['not what a caller wrote as a proxy', '10.1.2.3', '1.1.1.1, 10.0.0.1, 198.51.100.1', '198.51.100.1'],
  ['a proxy that says nothing', '10.1.2.3', undefined, '10.1.2.3'],
  ['a proxy that says nothing of the kind', '10.1.2.3', 'unknown', '10.1.2.3'],
  ['a proxy that says nothing of the kind last', '10.1.2.3', '198.51.100.1, _hidden', '10.1.2.3'],
  ['the first proxy where all are', '10.1.2.3', '10.0.0.1,10.0.0.2', '10.0.0.1'],
])('%s', (_, remote, forwarded, expected) => {
  expect(peer(remote, forwarded)).toBe(expected);
});

test('without a proxy that is trusted nobody is believed', () => {
  expect(peer('127.0.0.1', '198.51.100.1', '')).toBe('127.0.0.1');
  expect(peer(undefined, '198.51.100.1')).toBe('');
});

test.each(['10.0.0.0/33', 'fd00::/129', '10.0.0', 'proxy.example.com', '10.0.0.1/', '10.0.0.1 10.0.0.2', '/8', '0/0'])(
  '%s names no network',
  (text) => {
    expect(networksOf(text)).toBeUndefined();
  },
);
