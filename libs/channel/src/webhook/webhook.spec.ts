// Ours against the library that Standard Webhooks publishes, both ways, and what neither should take.
import { Webhook } from 'standardwebhooks';
import {
  AROUND_FIVE_MINUTES,
  OPPOSITE,
  SCOPE,
  arrived,
  changed,
  keyOf,
  reasonOf,
  secretOf,
  twoEnds,
} from '../../testing/two-ends';
import type { IncomingWebhook } from '..';

const NOW = new Date('2026-03-01T12:00:00.250Z');
const MINUTE = 60_000;
const URL_OF_WEBHOOK = 'https://plugin.example/webhooks';
const BODY = '{"type":"order.paid","données":"é"}';

beforeEach(() => void jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

const theirs = (keyId: string): Webhook => new Webhook(`whsec_${secretOf(keyId).toString('base64')}`);
const sent = async ({ sender }: ReturnType<typeof twoEnds>, id = 'msg_1', body: string = BODY) =>
  arrived(await sender.webhook(URL_OF_WEBHOOK, { id, body }));

const byThem = (keyId: string, { id = 'msg_1', at = new Date(), body = BODY } = {}): IncomingWebhook => {
  const signature = theirs(keyId).sign(id, at, body);
  const timestamp = `${Math.floor(at.getTime() / 1_000)}`;
  return { headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }, body };
};

describe('against the published library', () => {
  it.each([['new'], ['old']])('what both keys of a rotation sign, who has the %s one verifies', async (keyId) => {
    const { headers } = await sent(twoEnds({ signs: ['new', 'old'] }));
    expect(theirs(keyId).verify(BODY, headers as Record<string, string>)).toEqual(JSON.parse(BODY));
    expect(() => theirs('other').verify(BODY, headers as Record<string, string>)).toThrow('No matching signature');
  });

  it('what it signs is verified', async () => {
    const { receiver } = twoEnds({ verifies: ['new', 'old'] });
    expect(await receiver.webhook(byThem('old'))).toMatchObject({ keyId: 'old', alone: true, id: 'msg_1' });
  });

  it('a body of bytes is that of its text', async () => {
    const bytes = Buffer.from(BODY);
    const { sender, receiver } = twoEnds();
    const [, init] = await sender.webhook(new URL(URL_OF_WEBHOOK), { id: 'a', body: bytes });
    expect(theirs('k1').verify(BODY, init.headers)).toEqual(JSON.parse(BODY));
    expect((await receiver.webhook({ headers: init.headers, body: bytes })).body).toEqual(bytes);
  });
});

it('is a POST that is not sent elsewhere, with its sender’s own headers', async () => {
  const { sender, told } = twoEnds({ signs: ['new', 'old'] });
  const headers = { 'Content-Type': 'application/json', 'Webhook-Id': 'another' };
  const [url, init] = await sender.webhook(URL_OF_WEBHOOK, { id: 'msg_1', body: BODY, headers });
  expect([url, init.method, init.redirect, init.body]).toEqual([URL_OF_WEBHOOK, 'POST', 'error', BODY]);
  expect(init.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1772366400',
    'webhook-signature': expect.stringMatching(/^v1,\S{44} v1,\S{44}$/),
  });
  expect(told).toEqual([
    ['signed', SCOPE, 'old'],
    ['signed', SCOPE, 'new'],
  ]);
});

describe('by which key', () => {
  it.each<[string, string[], string[], string, boolean]>([
    ['signed by both, both held', ['new', 'old'], ['new', 'old'], 'new', false],
    ['signed by both, the old one held', ['new', 'old'], ['old'], 'old', true],
    ['signed by the old one, both held', ['old'], ['new', 'old'], 'old', true],
    ['signed by the new one, both held', ['new'], ['new', 'old'], 'new', true],
  ])('%s', async (_, signs, verifies, keyId, alone) => {
    const ends = twoEnds({ signs, verifies });
    expect(await ends.receiver.webhook(await sent(ends))).toMatchObject({ scope: SCOPE, keyId, alone });
    expect(ends.told.at(-1)).toEqual(['verified', SCOPE, keyId, alone]);
  });

  it('one that came since is found by reading again, and nothing is read again for a good one', async () => {
    const ends = twoEnds({ signs: ['new'], verifies: ['old'] });
    ends.held.later = { [SCOPE]: [keyOf('new', 'verify'), keyOf('old', 'verify')] };
    expect(await ends.receiver.webhook(await sent(ends))).toMatchObject({ keyId: 'new' });
    expect(await ends.receiver.webhook(await sent(ends, 'msg_2'))).toMatchObject({ keyId: 'new' });
    expect(ends.held.asked).toEqual([SCOPE]);
  });

  it('one that is over is not held any more', async () => {
    const ends = twoEnds();
    ends.held.rings = {
      [SCOPE]: [keyOf('k2', 'verify'), keyOf('k1', 'verify', { verifiesUntil: new Date(Date.now()) })],
    };
    expect(await reasonOf(ends.receiver.webhook(await sent(ends)))).toBe('signature_invalid');
  });

  it('none that is there to sign by', async () => {
    const ends = twoEnds();
    ends.held.rings = { [SCOPE]: [keyOf('k2', 'verify'), keyOf('k1', 'sign')] };
    expect(await reasonOf(ends.receiver.webhook(await sent(ends)))).toBe('signature_invalid');
  });
});

describe('a retry', () => {
  it('keeps its id, is signed when it is sent, and is a duplicate and no refusal', async () => {
    const ends = twoEnds();
    const first = await ends.receiver.webhook(await sent(ends));
    jest.advanceTimersByTime(30 * MINUTE);
    const retry = await sent(ends);
    expect(retry.headers['webhook-timestamp']).toBe(`${1_772_366_400 + 30 * 60}`);
    const second = await ends.receiver.webhook(retry);
    expect([first, second].map(({ id, duplicate }) => [id, duplicate])).toEqual([
      ['msg_1', false],
      ['msg_1', true],
    ]);
  });

  it('of what was not worked off is none', async () => {
    const ends = twoEnds();
    await (await ends.receiver.webhook(await sent(ends))).forget();
    expect((await ends.receiver.webhook(await sent(ends))).duplicate).toBe(false);
    // What it repeats is being worked off.
    const second = await ends.receiver.webhook(await sent(ends));
    await second.forget();
    expect((await ends.receiver.webhook(await sent(ends))).duplicate).toBe(true);
  });

  it('is known for a day', async () => {
    const ends = twoEnds();
    await ends.receiver.webhook(await sent(ends));
    jest.advanceTimersByTime(24 * 60 * MINUTE + 1);
    expect((await ends.receiver.webhook(await sent(ends))).duplicate).toBe(false);
  });

  it('of a webhook that was refused is none', async () => {
    const ends = twoEnds();
    const message = await sent(ends);
    expect(await reasonOf(ends.receiver.webhook({ ...message, body: '{}' }))).toBe('signature_invalid');
    expect((await ends.receiver.webhook(message)).duplicate).toBe(false);
  });
});

it.each(AROUND_FIVE_MINUTES)('%s: %d ms, %s', async (_, ms, reason) => {
  const ends = twoEnds();
  const message = await sent(ends);
  jest.setSystemTime(Date.now() + ms);
  expect(await reasonOf(ends.receiver.webhook(message))).toBe(reason);
});

describe('headers', () => {
  it.each<[string, string, Record<string, string | undefined>]>([
    ['no id', 'signature_missing', { 'webhook-id': undefined }],
    ['no time', 'signature_missing', { 'webhook-timestamp': undefined }],
    ['no signature', 'signature_missing', { 'webhook-signature': undefined }],
    ['an asymmetric one alone', 'signature_missing', { 'webhook-signature': `v1a,${'A'.repeat(86)}==` }],
    ['an empty id', 'malformed', { 'webhook-id': '' }],
    ['an id that could be split elsewhere', 'malformed', { 'webhook-id': 'msg_1.1772366400' }],
    ['an id with a blank', 'malformed', { 'webhook-id': 'msg 1' }],
    ['an id that is too long', 'malformed', { 'webhook-id': 'a'.repeat(257) }],
    ['a time with a fraction', 'malformed', { 'webhook-timestamp': '1772366400.0' }],
    ['a time with a sign', 'malformed', { 'webhook-timestamp': '+1772366400' }],
    ['a time with a zero before it', 'malformed', { 'webhook-timestamp': '01772366400' }],
    ['a time in hexadecimals', 'malformed', { 'webhook-timestamp': '0x69a42d40' }],
    ['a signature that is too short', 'malformed', { 'webhook-signature': 'v1,AAAA' }],
    ['signatures that are too long', 'malformed', { 'webhook-signature': 'v1,A '.repeat(600) }],
    ['too many signatures', 'malformed', { 'webhook-signature': `v1,${'A'.repeat(43)}= `.repeat(17) }],
    ['another id', 'signature_invalid', { 'webhook-id': 'msg_2' }],
    ['another time', 'signature_invalid', { 'webhook-timestamp': '1772366401' }],
    ['another signature', 'signature_invalid', { 'webhook-signature': `v1,${'A'.repeat(43)}=` }],
  ])('with %s: %s', async (_, reason, headers) => {
    const ends = twoEnds();
    expect(await reasonOf(ends.receiver.webhook(changed(await sent(ends), headers)))).toBe(reason);
    expect(ends.told.at(-1)).toEqual(['refused', SCOPE, reason]);
  });

  it('are of any case, but not twice', async () => {
    const ends = twoEnds();
    const { headers, body } = await sent(ends);
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    expect(await reasonOf(ends.receiver.webhook({ headers: upper, body }))).toBe('taken');
    expect(await reasonOf(ends.receiver.webhook({ headers: { ...headers, 'Webhook-Id': 'msg_1' }, body }))).toBe(
      'malformed',
    );
  });

  it('are malformed where the low bytes alone are those of the signature', async () => {
    const ends = twoEnds();
    const message = await sent(ends);
    const signature = String(message.headers['webhook-signature']);
    const wide = `v1,${String.fromCharCode(signature.charCodeAt(3) + 256)}${signature.slice(4)}`;
    expect(await reasonOf(ends.receiver.webhook(changed(message, { 'webhook-signature': wide })))).toBe('malformed');
  });

  it('may have signatures of other kinds, and by others', async () => {
    const ends = twoEnds();
    const message = await sent(ends);
    const among = `v1a,xyz v1,${'B'.repeat(43)}= ${String(message.headers['webhook-signature'])} v2,a`;
    expect(await reasonOf(ends.receiver.webhook(changed(message, { 'webhook-signature': among })))).toBe('taken');
  });
});

it('what this end signs itself is of the wrong direction', async () => {
  const ends = twoEnds();
  const message = byThem('of-the-other-direction');
  expect(await reasonOf(ends.receiver.webhook(message))).toBe('wrong_direction');
  ends.held.rings = { ...ends.held.rings, [OPPOSITE]: [] };
  expect(await reasonOf(ends.receiver.webhook(message))).toBe('signature_invalid');
});

it('has no id that could be split elsewhere', async () => {
  const { sender } = twoEnds();
  for (const id of ['', 'a.b', 'a b', 'é', 'a'.repeat(257)])
    expect(await reasonOf(sender.webhook(URL_OF_WEBHOOK, { id, body: BODY }))).toBe('option_invalid');
});
