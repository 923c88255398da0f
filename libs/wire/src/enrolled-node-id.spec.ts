import { enrolledNodeId } from './enrolled-node-id';
import { isUuid } from './names';
import { createBusKey } from './bus-credential';

test('a Node that comes again with token and key is the same, and with another of either another', () => {
  const [token, other] = ['ab'.repeat(32), 'cd'.repeat(32)];
  const [key, another] = [createBusKey('user').publicKey, createBusKey('user').publicKey];
  const ids = [enrolledNodeId(token, key), enrolledNodeId(other, key), enrolledNodeId(token, another)];
  expect(enrolledNodeId(token, key)).toBe(ids[0]);
  expect(new Set(ids).size).toBe(3);
  expect(ids.every(isUuid)).toBe(true);
});
