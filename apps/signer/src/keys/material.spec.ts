import { randomBytes } from 'node:crypto';
import { insertBusKey, LocalKek, MaterialError } from '@plexsphere/material';
import { createBusKey } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';
import { Material } from './material';

const kek = new LocalKek(randomBytes(32));
const account = createBusKey('account');

/** What the table has of the key, as it was wrapped. */
async function row(): Promise<object> {
  let values: unknown[] = [];
  const query = async (_: string, given: unknown[]): Promise<unknown[]> => (values = given);
  await insertBusKey({ query } as unknown as DataSource, kek, 'account', account);
  const [, publicKey, kekId, nonce, ciphertext] = values;
  return { publicKey, kekId, nonce, ciphertext };
}

let query: jest.Mock;
let material: Material;

beforeEach(async () => {
  const wrapped = await row();
  query = jest.fn(async () => [wrapped]);
  material = new Material({ query } as unknown as DataSource, kek);
});

test('a bus key is read once for all who ask while it is read, and again for whoever asks later', async () => {
  const asked = await Promise.all(Array.from({ length: 16 }, () => material.busKey('account')));
  expect(asked).toEqual(asked.map(() => account));
  expect(query).toHaveBeenCalledTimes(1);
  await expect(material.busKey('account')).resolves.toEqual(account);
  expect(query).toHaveBeenCalledTimes(2);
});

test('who asks for one bus key is never given the other', async () => {
  // The row of the account does not open as the operator's.
  const asked = await Promise.allSettled([material.busKey('account'), material.busKey('operator')]);
  expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(query.mock.calls.map(([, [owner]]) => owner as unknown)).toEqual(['account', 'operator']);
});

test('a reading that fails is nobody’s any more', async () => {
  query.mockResolvedValueOnce([]);
  const asked = await Promise.allSettled([material.busKey('account'), material.busKey('account')]);
  expect(asked.map((each) => (each.status === 'rejected' ? each.reason : undefined))).toEqual(
    asked.map(() => new MaterialError('unknown_key', { busKey: 'account' })),
  );
  await expect(material.busKey('account')).resolves.toEqual(account);
});
