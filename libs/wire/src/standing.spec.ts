import type { Hello } from './messages';
import { HELLO_HEADER_NAMES, StandingError, helloHeaders, helloOfHeaders, readAck, readHello } from './standing';

const heads = { ring: 'A'.repeat(43), platform: '_-'.repeat(21) + 'a' };
const ack = { epoch: 3, platform_epoch: 2, position: 0, heads };
const hello: Hello = { hello_id: 'a-hello_1', ...ack };

test('a hello comes out of headers as it went in', () => {
  const headers = helloHeaders(hello);
  expect(helloOfHeaders(headers)).toEqual(hello);
  expect(Object.keys(headers).sort()).toEqual([...HELLO_HEADER_NAMES].sort());
  // As Node.js hands them over.
  expect(HELLO_HEADER_NAMES.every((name) => name === name.toLowerCase())).toBe(true);
});

test('what is beside it counts for nothing', () => {
  expect(readAck({ ...ack, more: 1, heads: { ...heads, more: 1 } })).toEqual(ack);
  expect(readHello({ ...hello, more: 1 })).toEqual(hello);
});

test.each<[string, object]>([
  ['hello_id', { hello_id: 'a b' }],
  ['hello_id', { hello_id: undefined }],
  ['epoch', { epoch: 0 }],
  ['epoch', { epoch: '3' }],
  ['platform_epoch', { platform_epoch: 1.5 }],
  ['position', { position: -1 }],
  ['position', { position: Number.MAX_SAFE_INTEGER + 1 }],
  ['heads', { heads: null }],
  ['heads', { heads: [heads] }],
  ['heads', { heads: { ...heads, ring: 'A'.repeat(44) } }],
  ['heads', { heads: { ring: heads.ring } }],
])('%s is named where it is none: %j', (field, members) =>
  expect(() => readHello({ ...hello, ...members })).toThrow(new StandingError(field)),
);

test.each([null, undefined, 'text', [hello], 7])('%j is none', (body) =>
  expect(() => readHello(body)).toThrow(StandingError),
);

test.each(['', '-1', '1.0', '0x1', '1'.repeat(17), ' 1', '1,1'])('an epoch of %j in a header is none', (epoch) =>
  expect(() => helloOfHeaders({ ...helloHeaders(hello), 'plexsphere-epoch': epoch })).toThrow(
    new StandingError('epoch'),
  ),
);

test('a header that comes twice is none', () =>
  expect(() =>
    helloOfHeaders({ ...helloHeaders(hello), 'plexsphere-ring-head': `${heads.ring}, ${heads.ring}` }),
  ).toThrow(new StandingError('heads')));
