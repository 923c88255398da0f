import { isAtRoot, isIssuerUrl } from './issuer-url';

const WEB = 'issuer:web';

it.each([
  ['https://id.example.com', true],
  ['https://id.example.com/issuers/web', false],
  ['https://id.example.com:8443', true],
  ['http://127.0.0.1:8080/issuers/web', false],
  ['http://localhost:8080', true],
  ['http://[::1]:8080', true],
])('%s may be an issuer', (url, atRoot) => {
  expect(isIssuerUrl(url, WEB)).toBe(true);
  expect(isAtRoot(url)).toBe(atRoot);
});

it.each([
  ['another spelling: a slash at its end', 'https://id.example.com/'],
  ['another spelling: capitals', 'https://ID.example.com'],
  ['another spelling: the port that goes without saying', 'https://id.example.com:443'],
  ['another spelling: dots', 'https://id.example.com/a/../issuers/web'],
  ['another spelling: spaces', ' https://id.example.com'],
  ['the path of another issuer', 'https://id.example.com/issuers/mobile'],
  ['the path of more than it', 'https://id.example.com/issuers/web/'],
  ['any other path', 'https://id.example.com/auth'],
  ['a query', 'https://id.example.com?x=1'],
  ['an empty query', 'https://id.example.com?'],
  ['a fragment', 'https://id.example.com#x'],
  ['somebody in it', 'https://me:secret@id.example.com'],
  ['no encryption between machines', 'http://id.example.com'],
  ['a host that only looks like this machine', 'http://127.0.0.1.example.com'],
  ['another protocol', 'ftp://id.example.com'],
  ['no host', 'https://'],
  ['no URL', 'id.example.com'],
  ['nothing', ''],
  ['no text', 7],
  ['too much of it', `https://${'a.'.repeat(120)}example.com`],
])('refuses %s', (_, url) => expect(isIssuerUrl(url, WEB)).toBe(false));
