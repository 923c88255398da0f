import { ringOf } from '@plexsphere/testkit';
import { KeySet } from './key-set';

const DOMAIN = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';
const END = '2031-05-02T10:00:30Z';
const before = new Date('2031-05-02T10:00:29.999Z');
const atEnd = new Date(END);

const overlapping = (): KeySet => new KeySet(DOMAIN, ringOf(DOMAIN, 2, { old: 'retiring', new: 'active' }).keys);
const kids = (text: string): string[] => (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

it('names a retiring key up to its end, and at its end no more, though nobody has closed anything', () => {
  const set = overlapping();
  expect(kids(set.at(before).text)).toEqual(['new', 'old']);
  expect(kids(set.at(atEnd).text)).toEqual(['new']);
});

it('says until when it may be shown', () => {
  const set = overlapping();
  expect(set.at(before).changesAt).toEqual(atEnd);
  expect(set.at(atEnd).changesAt).toBeNull();
});

it('is the same to the byte while the same keys verify, and has another tag when they do not', () => {
  const set = overlapping();
  const [first, again, later] = [set.at(before), set.at(before), set.at(atEnd)];
  expect(again).toBe(first);
  expect(overlapping().at(before)).toEqual(first);
  expect(first.etag).toMatch(/^"[A-Za-z0-9_-]{43}"$/);
  expect(later.etag).not.toBe(first.etag);
});

it('a clock that was set back brings no key back that was gone, and takes none away', () => {
  const set = overlapping();
  set.at(atEnd);
  expect(kids(set.at(before).text)).toEqual(['new']);
});

it('calls a key of another service what its tokens call it, and hands that to whoever verifies here', () => {
  const keys = ringOf('issuer:web', 2, { old: 'retiring', new: 'active' }).keys;
  const named = (kid: string | null) =>
    new KeySet(
      'issuer:web',
      keys.map((key) => (key.key_id === 'old' ? { ...key, foreign: { kid } } : key)),
    );
  expect(kids(named('https://old.example.com#1').at(before).text)).toEqual(['new', 'https://old.example.com#1']);
  expect(kids(named(null).at(before).text)).toEqual(['new', 'old']);
  expect(named(null).verifying(before)).toEqual([
    expect.objectContaining({ keyId: 'new', foreign: undefined }),
    expect.objectContaining({ keyId: 'old', foreign: { kid: null } }),
  ]);
});
