import { gatewayUrls, isGatewayUrl } from './gateway-url';

test.each(['http://127.0.0.1:8080', 'https://gw.example', 'https://[::1]:1/', 'https://gw.example/mesh/plane'])(
  '%s is one',
  (text) => expect(isGatewayUrl(text)).toBe(true),
);

test.each([
  ...['', 'gw.example:443', 'nats://gw.example', 'ftp://gw.example', 'https://'],
  ...['https://user:secret@gw.example', 'https://gw.example?a=b', 'https://gw.example#a'],
])('%s is none', (text) => expect(isGatewayUrl(text)).toBe(false));

const insecure = false;

test('a path stands before that of a call', () =>
  expect(gatewayUrls(['https://gw.example/', 'https://gw.example:8443/mesh/'], { insecure })).toEqual([
    'https://gw.example',
    'https://gw.example:8443/mesh',
  ]));

test.each<[string, string[], string | undefined]>([
  ['malformed_address', [], undefined],
  ['malformed_address', ['https://gw.example', 'gw'], undefined],
  ['mixed_schemes', ['https://gw.example', 'http://127.0.0.1:1'], undefined],
  ['plaintext_beyond_loopback', ['http://gw.example'], undefined],
  ['plaintext_beyond_loopback', ['http://localhost:1', 'http://192.0.2.1'], undefined],
  ['ca_without_tls', ['http://localhost:1'], 'certificates'],
])('%s: %j', (code, texts, ca) =>
  expect(() => gatewayUrls(texts, { ca, insecure })).toThrow(expect.objectContaining({ name: 'NodeSdkError', code })),
);

test('who insists may use plaintext beyond this machine', () =>
  expect(gatewayUrls(['http://192.0.2.1'], { insecure: true })).toEqual(['http://192.0.2.1']));
