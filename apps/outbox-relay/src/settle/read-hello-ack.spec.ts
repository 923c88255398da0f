import { randomUUID } from 'node:crypto';
import { readAck, readHello } from './read-hello-ack';

const node = randomUUID();
const heads = { ring: 'r'.repeat(43), platform: '-_'.padEnd(43, '0') };
const ack = { epoch: 2, platform_epoch: 1, position: 0, heads };
const hello = { ...ack, hello_id: randomUUID() };
const taken = { nodeId: node, listens: 'bus', epoch: 2, platformEpoch: 1, position: 0, heads };

describe('what a Node says', () => {
  it.each([
    ['no object', 'text'],
    ['a list', [ack]],
    ['nothing', null],
    ['an epoch as text', { ...ack, epoch: '2' }],
    ['epoch 0', { ...ack, epoch: 0 }],
    ['a fraction', { ...ack, position: 1.5 }],
    ['a position below 0', { ...ack, position: -1 }],
    ['a number that no bigint holds', { ...ack, position: 1e300 }],
    ['no platform epoch', { epoch: 2, position: 0, heads }],
    ['no heads', { ...ack, heads: undefined }],
    ['heads that are a text', { ...ack, heads: heads.ring }],
    ['no head of the platform', { ...ack, heads: { ring: heads.ring } }],
    ['a head that is too short', { ...ack, heads: { ...heads, ring: 'r'.repeat(42) } }],
    ['a head of other characters', { ...ack, heads: { ...heads, ring: '+'.repeat(43) } }],
  ])('is dropped: %s', (_, body) => {
    expect(readAck(node, body)).toBeUndefined();
    const said: unknown = typeof body === 'object' && body !== null ? { hello_id: 'h', ...body } : body;
    expect(readHello(node, said)).toBeUndefined();
  });

  it.each(['', 'h'.repeat(65), 'a b', 'a\nb', 7])('is dropped with the hello id %j', (id) => {
    expect(readHello(node, { ...hello, hello_id: id })).toBeUndefined();
  });

  it.each(['', 'nobody', node.toUpperCase()])('is dropped from the subject token %j', (token) => {
    expect(readAck(token, ack)).toBeUndefined();
  });

  it('is taken, and members that we do not know are ignored', () => {
    expect(readAck(node, { ...ack, newer: true })).toEqual(taken);
    expect(readHello(node, hello)).toEqual({ ...taken, helloId: hello.hello_id });
  });

  it('S2: costs nothing of what else it holds', () => {
    let looks = 0;
    const crowd: unknown = new Proxy(
      Array.from({ length: 1_000 }, () => ({})),
      {
        get: (target, member) => (looks++, Reflect.get(target, member) as unknown),
        ownKeys: (target) => (looks++, Reflect.ownKeys(target)),
      },
    );
    expect(readAck(node, { ...ack, crowd })).toEqual(taken);
    expect(readAck(node, { ...ack, epoch: crowd })).toBeUndefined();
    expect(readAck(node, { ...ack, heads: { ...heads, crowd } })).toEqual(taken);
    // Thousands, where each object is walked through.
    expect(looks).toBeLessThan(20);
  });
});
