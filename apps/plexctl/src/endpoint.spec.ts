import { isLoopback } from '@plexsphere/bus-client';
import { parseEndpoint, requirePrivate, type Endpoint } from './endpoint';

const parsed = (text: string): Endpoint => parseEndpoint(text) as Endpoint;

describe('an endpoint', () => {
  it.each([
    ['localhost:4222', 'localhost', 4222, false],
    ['127.0.0.1:1', '127.0.0.1', 1, false],
    ['[::1]:65535', '::1', 65_535, false],
    ['tls://bus.example.com:4222', 'bus.example.com', 4222, true],
    ['tls://[2001:db8::7]:4222', '2001:db8::7', 4222, true],
  ])('is read from %s', (text, host, port, tls) => {
    expect(parseEndpoint(text)).toEqual({ host, port, tls, text });
  });

  it.each([
    '',
    'localhost',
    ':4222',
    'localhost:',
    'localhost:0',
    'localhost:65536',
    'localhost:4222/x',
    'http://localhost:4222',
    'user:secret@localhost:4222',
    '::1:4222',
    '[::1]',
    '[1.2.3]:4222',
    'a b:4222',
    '-host:4222',
    'localhost:4222,other:4222',
  ])('is not %j', (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });

  it.each(['localhost:1', '127.0.0.1:1', '127.255.0.3:1', '[::1]:1'])('%s is loopback', (text) => {
    expect(isLoopback(parsed(text))).toBe(true);
  });

  it.each(['127.0.0.1.example.com:1', 'localhost.example.com:1', '10.0.0.1:1', '0.0.0.0:1', '[::]:1', 'example.com:1'])(
    '%s does not pass for loopback',
    (text) => {
      expect(isLoopback(parsed(text))).toBe(false);
      expect(() => requirePrivate(parsed(text), false)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );

  it('elsewhere is accepted over TLS, or when insisted on', () => {
    expect(requirePrivate(parsed('tls://example.com:1'), false).tls).toBe(true);
    expect(requirePrivate(parsed('example.com:1'), true).host).toBe('example.com');
  });
});
