import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { readAck, readHello } from './node-words';

const node = randomUUID();
const ack = { epoch: 2, platform_epoch: 1, position: 0 };
const hello = { ...ack, hello_id: randomUUID() };

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
    ['no platform epoch', { epoch: 2, position: 0 }],
  ])('is dropped: %s', async (_, body) => {
    await expect(readAck(node, body)).resolves.toBeUndefined();
    const said: unknown = typeof body === 'object' && body !== null ? { hello_id: 'h', ...body } : body;
    await expect(readHello(node, said)).resolves.toBeUndefined();
  });

  it.each(['', 'h'.repeat(65), 'a b', 'a\nb', 7])('is dropped with the hello id %j', async (id) => {
    await expect(readHello(node, { ...hello, hello_id: id })).resolves.toBeUndefined();
  });

  it.each(['', 'nobody', node.toUpperCase()])('is dropped from the subject token %j', async (token) => {
    await expect(readAck(token, ack)).resolves.toBeUndefined();
  });

  it('is taken, and members that we do not know are ignored', async () => {
    await expect(readAck(node, { ...ack, newer: true })).resolves.toEqual(ack);
    await expect(readHello(node, hello)).resolves.toEqual(hello);
  });
});
