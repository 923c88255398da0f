// Calls by RFC 9421: what is signed to the byte, against the library by itself, and each way in which one is refused.
import { createHash, createHmac } from 'node:crypto';
import { createSigner, httpbis } from 'http-message-signatures';
import {
  AROUND_FIVE_MINUTES,
  OPPOSITE,
  SCOPE,
  URL_OF_CALL,
  arrived,
  changed,
  keyOf,
  reasonOf,
  secretOf,
  twoEnds,
} from '../../testing/two-ends';
import type { IncomingCall } from '..';

const NOW = new Date('2026-03-01T12:00:00.250Z');
const CREATED = 1_772_366_400;
const BODY = '{"order":1}';
const DIGEST = `sha-256=:${createHash('sha256').update(BODY).digest('base64')}:`;

beforeEach(() => void jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

const sent = async ({ sender }: ReturnType<typeof twoEnds>, body = BODY, url = URL_OF_CALL) =>
  arrived(await sender.call(url, { method: 'POST', body }));

const ALL = ['@method', '@path', '@query', 'content-digest'];
interface Signing {
  fields?: string[];
  params?: string[];
  paramValues?: Record<string, unknown>;
  headers?: Record<string, string>;
  url?: string;
  name?: string;
}

/** As another sender has it, who has the library alone. */
async function byLibrary(keyId: string, signing: Signing = {}): Promise<IncomingCall> {
  const {
    fields = ALL,
    params = ['created', 'expires', 'nonce', 'keyid', 'tag'],
    headers,
    url = URL_OF_CALL,
  } = signing;
  const values = { nonce: 'sixteen-or-more-characters', tag: 'plexsphere-channel', ...signing.paramValues };
  const message = { method: 'POST', url, headers: { 'content-digest': DIGEST, ...headers } };
  const key = createSigner(secretOf(keyId), 'hmac-sha256', keyId);
  const config = {
    key,
    fields,
    params,
    paramValues: values,
    ...(signing.name !== undefined && { name: signing.name }),
  };
  const { pathname, search } = new URL(url);
  const { headers: all } = await httpbis.signMessage(config, message);
  return { method: 'POST', target: `${pathname}${search}`, headers: all as Record<string, string>, body: BODY };
}

it('signs exactly this', async () => {
  const { headers } = await sent(twoEnds());
  const input =
    /^k1=(\("@method" "@path" "@query" "content-digest"\);created=1772366400;expires=1772366700;nonce="[\w-]{24}";keyid="k1";tag="plexsphere-channel")$/;
  const parameters = input.exec(String(headers['signature-input']))?.[1];
  const base = [
    '"@method": POST',
    '"@path": /orders',
    '"@query": ?state=open',
    `"content-digest": ${DIGEST}`,
    `"@signature-params": ${parameters}`,
  ].join('\n');
  const mac = createHmac('sha256', secretOf('k1')).update(base).digest('base64');
  expect([headers['content-digest'], headers['signature']]).toEqual([DIGEST, `k1=:${mac}:`]);
});

it('has a label a key, one nonce, and is not sent elsewhere', async () => {
  const { sender, told } = twoEnds({ signs: ['new', 'old'] });
  const [url, init] = await sender.call(URL_OF_CALL, { method: 'post', headers: { Accept: 'a/b' } });
  expect([url, init.method, init.redirect, 'body' in init]).toEqual([URL_OF_CALL, 'POST', 'error', false]);
  const labels = [...String(init.headers['signature-input']).matchAll(/(k\d)=\(.*?nonce="([^"]+)";keyid="(\w+)"/g)];
  expect(labels.map(([, label, , keyId]) => [label, keyId])).toEqual([
    ['k1', 'new'],
    ['k2', 'old'],
  ]);
  expect(new Set(labels.map(([, , nonce]) => nonce)).size).toBe(1);
  expect(init.headers).toMatchObject({ accept: 'a/b', 'plexsphere-signed-target': 'POST /orders?state=open' });
  expect(told).toEqual([
    ['signed', SCOPE, 'old'],
    ['signed', SCOPE, 'new'],
  ]);
});

describe('against the library by itself', () => {
  it.each([['new'], ['old']])('what both keys of a rotation sign, who has the %s one verifies', async (keyId) => {
    const { method, headers } = await sent(twoEnds({ signs: ['new', 'old'] }));
    const verify = async (data: Buffer, signature: Buffer): Promise<boolean> =>
      createHmac('sha256', secretOf(keyId)).update(data).digest().equals(signature);
    const keyLookup = async ({ keyid }: { keyid?: string }) => (keyid === keyId ? { verify } : null);
    const message = { method, url: URL_OF_CALL, headers: headers as Record<string, string> };
    expect(await httpbis.verifyMessage({ keyLookup, requiredFields: ALL }, message)).toBe(true);
  });

  it.each([['https://plugin.example'], [URL_OF_CALL], ['https://plugin.example/a%20b/%2f?q=%20&r']])(
    'what it signs for %s is verified',
    async (url) => {
      const { receiver } = twoEnds({ verifies: ['new', 'old'] });
      expect(await receiver.call(await byLibrary('old', { url }))).toMatchObject({ keyId: 'old', alone: true });
    },
  );

  it('among signatures of others, which come before and after it, and cannot all be read', async () => {
    const { receiver } = twoEnds();
    const others = { 'signature-input': 'x=("@authority");keyid="k1"', signature: 'x=:AAAA:' };
    const { headers, ...call } = await byLibrary('k1', { headers: others });
    const all = {
      ...headers,
      'signature-input': `${String(headers['signature-input'])}, y=("@status";req);tag="plexsphere-channel"`,
    };
    expect(await receiver.call({ ...call, headers: all })).toMatchObject({ keyId: 'k1' });
  });
});

describe('by which key', () => {
  it.each<[string, string[], string[], string, boolean]>([
    ['signed by both, both held', ['new', 'old'], ['new', 'old'], 'new', false],
    ['signed by both, the old one held', ['new', 'old'], ['old'], 'old', true],
    ['signed by the old one, both held', ['old'], ['new', 'old'], 'old', true],
  ])('%s', async (_, signs, verifies, keyId, alone) => {
    const ends = twoEnds({ signs, verifies });
    const { body, ...call } = await ends.receiver.call(await sent(ends));
    expect(call).toEqual({ scope: SCOPE, keyId, alone, sentAt: new Date(CREATED * 1_000) });
    expect(Buffer.from(body).toString()).toBe(BODY);
    expect(ends.told.at(-1)).toEqual(['verified', SCOPE, keyId, alone]);
  });

  it('one that came since is found by reading again', async () => {
    const ends = twoEnds({ signs: ['new'], verifies: ['old'] });
    ends.held.later = { [SCOPE]: [keyOf('new', 'verify'), keyOf('old', 'verify')] };
    expect(await ends.receiver.call(await sent(ends))).toMatchObject({ keyId: 'new', alone: true });
  });
});

it.each([
  ['a query', '/orders?state=open'],
  ['no query', '/orders'],
  ['a query that is empty', '/orders?'],
  ['what a URL makes shorter', '/a/../b//c?d'],
])('takes a GET of a path with %s', async (_, path) => {
  const ends = twoEnds();
  const [url, init] = await ends.sender.call(`https://plugin.example${path}`);
  // As fetch asks for it.
  const target = url.slice('https://plugin.example'.length);
  expect(await reasonOf(ends.receiver.call({ ...init, body: '', target }))).toBe('taken');
});

describe('is refused', () => {
  const other = `sha-256=:${createHash('sha256').update('{}').digest('base64')}:`;
  const foreign = async () => byLibrary('k1');

  it.each<[string, string, (call: IncomingCall) => IncomingCall | Promise<IncomingCall>]>([
    ['without signatures', 'signature_missing', (call) => changed(call, { signature: undefined })],
    ['without their input', 'signature_missing', (call) => changed(call, { 'signature-input': undefined })],
    ['unsigned', 'signature_missing', ({ headers: _, ...call }) => ({ ...call, headers: {} })],
    [
      'with empty headers, which the library answers null',
      'signature_missing',
      (call) => changed(call, { signature: '', 'signature-input': '' }),
    ],
    ['signed for another purpose', 'signature_missing', () => byLibrary('k1', { paramValues: { tag: 'another' } })],
    ['with an input that is none', 'malformed', (call) => changed(call, { 'signature-input': 'k1=(' })],
    [
      'with an input that is no list',
      'malformed',
      (call) => changed(call, { 'signature-input': 'k1=1;tag="plexsphere-channel"' }),
    ],
    ['with a signature that is none', 'malformed', (call) => changed(call, { signature: 'k1="a"' })],
    ['with a signature of another label', 'malformed', (call) => changed(call, { signature: 'k2=:AAAA:' })],
    [
      'with headers that are too long',
      'malformed',
      (call) => changed(call, { signature: `k1=:${'A'.repeat(8_192)}:` }),
    ],
    [
      'with too many signatures',
      'malformed',
      (call) => {
        const labels = Array.from({ length: 17 }, (_, n) => `s${n}`);
        const [, input] = String(call.headers['signature-input']).split(/=(.*)/);
        return changed(call, {
          'signature-input': labels.map((label) => `${label}=${input}`).join(),
          signature: labels.map((label) => `${label}=:AAAA:`).join(),
        });
      },
    ],
    [
      'of another algorithm',
      'malformed',
      () =>
        byLibrary('k1', {
          params: ['created', 'expires', 'nonce', 'keyid', 'tag', 'alg'],
          paramValues: { alg: 'ed25519' },
        }),
    ],
    [
      'for another server’s URL',
      'malformed',
      (call) => ({ ...call, target: 'http://plugin.example/orders?state=open' }),
    ],
    ['for no path', 'malformed', (call) => ({ ...call, target: '*' })],
    ['with a line feed in its path', 'malformed', (call) => ({ ...call, target: '/orders\n"@query": ?' })],
    ['with a method that is none', 'malformed', (call) => ({ ...call, method: 'po st' })],
    ['with a target that is too long', 'malformed', (call) => ({ ...call, target: `/${'a'.repeat(8_192)}` })],
    ...ALL.map((name): [string, string, () => Promise<IncomingCall>] => [
      `signed without its ${name}`,
      'not_covered',
      () => byLibrary('k1', { fields: ALL.filter((each) => each !== name) }),
    ]),
    ['signed in another order', 'not_covered', () => byLibrary('k1', { fields: [...ALL].reverse() })],
    ['signed with more', 'not_covered', () => byLibrary('k1', { fields: [...ALL, '@authority'] })],
    [
      'signed with part of its digest',
      'not_covered',
      () => byLibrary('k1', { fields: [...ALL.slice(0, 3), 'content-digest;key="sha-256"'] }),
    ],
    ['signed with nothing', 'not_covered', () => byLibrary('k1', { fields: [] })],
    ...['created', 'expires', 'nonce', 'keyid'].map((name): [string, string, () => Promise<IncomingCall>] => [
      `without a parameter ${name}`,
      'not_covered',
      () =>
        byLibrary('k1', { params: ['created', 'expires', 'nonce', 'keyid', 'tag'].filter((each) => each !== name) }),
    ]),
    ['with a short nonce', 'not_covered', () => byLibrary('k1', { paramValues: { nonce: 'short' } })],
    [
      'with a time that is a text',
      'not_covered',
      (call) =>
        changed(call, {
          'signature-input': String(call.headers['signature-input']).replace('created=1772366400', 'created="now"'),
        }),
    ],
    ['by a key that is not known', 'unknown_kid', () => byLibrary('k9')],
    [
      'by another secret',
      'signature_invalid',
      (call) => changed(call, { signature: `k1=:${createHash('sha256').digest('base64')}:` }),
    ],
    [
      'by half a signature',
      'signature_invalid',
      (call) => changed(call, { signature: String(call.headers['signature']).replace(/:.{24}/, ':') }),
    ],
    ['by what this end signs by', 'wrong_direction', () => byLibrary('of-the-other-direction')],
    ['for another method', 'wrong_method', (call) => ({ ...call, method: 'PUT' })],
    ['for another path', 'wrong_path', (call) => ({ ...call, target: '/payments?state=open' })],
    ['for the same path in other characters', 'wrong_path', (call) => ({ ...call, target: '/%6frders?state=open' })],
    ['for another query', 'wrong_query', (call) => ({ ...call, target: '/orders?state=closed' })],
    ['for no query', 'wrong_query', (call) => ({ ...call, target: '/orders' })],
    [
      'for another path, by a sender that does not tell its own',
      'signature_invalid',
      async () => ({ ...(await foreign()), target: '/payments?state=open' }),
    ],
    [
      'for another path, by one that tells another',
      'signature_invalid',
      (call) => ({ ...changed(call, { 'plexsphere-signed-target': 'POST /orders' }), target: '/payments' }),
    ],
    [
      'for another path, by one that tells nonsense',
      'signature_invalid',
      (call) => ({ ...changed(call, { 'plexsphere-signed-target': 'POST' }), target: '/payments' }),
    ],
    ['with no digest', 'wrong_digest', (call) => changed(call, { 'content-digest': undefined })],
    ['with a digest that is none', 'wrong_digest', (call) => changed(call, { 'content-digest': 'sha-256' })],
    [
      'with a digest that is too long',
      'wrong_digest',
      (call) => changed(call, { 'content-digest': `${DIGEST}${' '.repeat(512)}, ${DIGEST}` }),
    ],
    ['with another digest than was signed', 'wrong_digest', (call) => changed(call, { 'content-digest': other })],
    [
      'with two digests where one was signed',
      'wrong_digest',
      (call) => changed(call, { 'content-digest': `${DIGEST}, ${other}` }),
    ],
    ['with another body', 'body_changed', (call) => ({ ...call, body: '{}' })],
    [
      'with another body and its digest',
      'signature_invalid',
      (call) => ({ ...changed(call, { 'content-digest': other }), body: '{}' }),
    ],
  ])('%s: %s', async (_, reason, change) => {
    const ends = twoEnds();
    expect(await reasonOf(ends.receiver.call(await change(await sent(ends))))).toBe(reason);
    expect(ends.told.at(-1)).toEqual(['refused', SCOPE, reason]);
  });

  it('by what this end signs by under the same id', async () => {
    const ends = twoEnds();
    ends.held.rings = {
      [SCOPE]: [keyOf('k1', 'verify', { secret: secretOf('another') })],
      [OPPOSITE]: [keyOf('k1', 'sign')],
    };
    expect(await reasonOf(ends.receiver.call(await sent(ends)))).toBe('wrong_direction');
  });

  it('by a digest of an algorithm that nobody should use any more', async () => {
    const digest = `md5=:${createHash('md5').update(BODY).digest('base64')}:`;
    expect(
      await reasonOf(twoEnds().receiver.call(await byLibrary('k1', { headers: { 'content-digest': digest } }))),
    ).toBe('wrong_digest');
  });

  it.each([
    ['what is no digest', `${DIGEST}, nonsense`, 'wrong_digest'],
    ['more than can be meant', `${DIGEST}, ${'md5=:AAAA:, '.repeat(40)}md5=:AAAA:`, 'wrong_digest'],
    ['one of another body', `${DIGEST}, sha-512=:${'A'.repeat(86)}==:`, 'body_changed'],
  ])('with %s beside its own, though all of it was signed', async (_, digest, reason) => {
    const call = await byLibrary('k1', { headers: { 'content-digest': digest } });
    expect(await reasonOf(twoEnds().receiver.call(call))).toBe(reason);
  });

  it('by one key under the id of another', async () => {
    const call = await byLibrary('old', { paramValues: { keyid: 'new' } });
    expect(await reasonOf(twoEnds({ verifies: ['new', 'old'] }).receiver.call(call))).toBe('signature_invalid');
  });

  it.each([
    ['sha-512', true],
    ['sha-512 and md5', true],
    ['sha-512 of another body', false],
  ])('unless its digest is good: %s', async (which, isTaken) => {
    const hash = createHash('sha512')
      .update(which.includes('another') ? '{}' : BODY)
      .digest('base64');
    const digest = `sha-512=:${hash}:${which.includes('md5') ? ', md5=:AAAA:' : ''}`;
    const call = await byLibrary('k1', { headers: { 'content-digest': digest } });
    expect(await reasonOf(twoEnds().receiver.call(call))).toBe(isTaken ? 'taken' : 'body_changed');
  });
});

describe('in time', () => {
  it.each(AROUND_FIVE_MINUTES)('%s: %d ms, %s', async (_, ms, reason) => {
    const ends = twoEnds();
    const call = await sent(ends);
    jest.setSystemTime(Date.now() + ms);
    expect(await reasonOf(ends.receiver.call(call))).toBe(reason);
  });

  it.each([
    ['that ends sooner', 60, 61, 'stale'],
    ['that ends sooner, until then', 60, 59, 'taken'],
    ['that would go on for an hour', 3_600, 299, 'taken'],
    ['that would go on for an hour, which is too long', 3_600, 301, 'stale'],
  ])('one %s', async (_, lifeSeconds, afterSeconds, reason) => {
    const call = await byLibrary('k1', { paramValues: { expires: new Date(Date.now() + lifeSeconds * 1_000) } });
    jest.setSystemTime(Date.now() + afterSeconds * 1_000);
    expect(await reasonOf(twoEnds().receiver.call(call))).toBe(reason);
  });

  it('all of its signatures', async () => {
    const { headers } = await byLibrary('old', { name: 'a' });
    jest.setSystemTime(Date.now() + 6 * 60_000);
    const call = await byLibrary('new', { name: 'b', headers: headers as Record<string, string> });
    expect(await reasonOf(twoEnds({ verifies: ['new', 'old'] }).receiver.call(call))).toBe('stale');
  });
});

describe('once', () => {
  it('and not again, nor with one of its signatures taken away', async () => {
    const ends = twoEnds({ signs: ['new', 'old'], verifies: ['new', 'old'] });
    const call = await sent(ends);
    expect(await reasonOf(ends.receiver.call(call))).toBe('taken');
    expect(await reasonOf(ends.receiver.call(call))).toBe('replayed');
    for (const label of ['k1', 'k2']) {
      const only = (name: string) =>
        String(call.headers[name])
          .split(/, (?=k2)/)
          .find((each) => each.startsWith(label));
      const one = changed(call, { signature: only('signature'), 'signature-input': only('signature-input') });
      expect(await reasonOf(ends.receiver.call(one))).toBe('replayed');
    }
  });

  it('also where its signatures have a nonce each', async () => {
    const ends = twoEnds({ verifies: ['new', 'old'] });
    const old = await byLibrary('old', { name: 'a', paramValues: { nonce: 'of-the-old-signature' } });
    const headers = old.headers as Record<string, string>;
    expect(await ends.receiver.call(await byLibrary('new', { name: 'b', headers }))).toMatchObject({
      keyId: 'new',
      alone: false,
    });
    expect(await reasonOf(ends.receiver.call(old))).toBe('replayed');
  });

  it('nor among new signatures', async () => {
    const ends = twoEnds({ verifies: ['new', 'old'] });
    const old = await byLibrary('old', { name: 'a' });
    expect(await reasonOf(ends.receiver.call(old))).toBe('taken');
    const signing = { headers: old.headers as Record<string, string>, paramValues: { nonce: 'another-of-sixteen' } };
    expect(await reasonOf(ends.receiver.call(await byLibrary('new', { name: 'b', ...signing })))).toBe('replayed');
  });

  it('and again where it was refused, for it was not this call', async () => {
    const ends = twoEnds();
    const call = await sent(ends);
    expect(await reasonOf(ends.receiver.call({ ...call, body: '' }))).toBe('body_changed');
    expect(await reasonOf(ends.receiver.call(call))).toBe('taken');
  });

  it('for all processes that share a store', async () => {
    const seen = new Set<string>();
    const nonces = { add: async (key: string) => !seen.has(key) && seen.add(key).has(key), delete: () => undefined };
    const [one, other] = [twoEnds({}, { nonces }), twoEnds({}, { nonces })];
    const call = await sent(one);
    expect(await reasonOf(one.receiver.call(call))).toBe('taken');
    expect(await reasonOf(other.receiver.call(call))).toBe('replayed');
    expect([...seen]).toEqual([expect.stringMatching(/^channel:chat:app-to-plugin call [\w-]{24}$/)]);
  });
});
