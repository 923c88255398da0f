import { problem } from '@plexsphere/wire';
import { BatchSealer } from './batch-sealer';
import type { Seal, SealedFields } from './envelope';

const fieldsOf = (count: number): SealedFields[] =>
  Array.from({ length: count }, (_, n) => ({ eventType: 'note', eventId: `${n}`, nonce: 'n', payload: null }));

/** A signature of two milliseconds, in which nothing else runs. */
const seal: Seal = ({ eventId }) => {
  const endsAt = performance.now() + 2;
  while (performance.now() < endsAt);
  return Promise.resolve(eventId);
};

const D = 10_000;

test('in the order of the request, a batch of one and of many', async () => {
  const sealer = new BatchSealer();
  const [one, many] = [fieldsOf(1), fieldsOf(20)];
  const [first, second] = await Promise.all([sealer.sealAll(one, seal, D), sealer.sealAll(many, seal, D)]);
  expect(first).toEqual(['0']);
  expect(second).toEqual(many.map(({ eventId }) => eventId));
});

test('the event loop gets its turn every few signatures, however many batches are under way', async () => {
  const sealer = new BatchSealer();
  let sealed = 0;
  let most = 0;
  let before = 0;
  const counted: Seal = (fields) => {
    sealed++;
    return seal(fields);
  };
  const look = (): void => {
    most = Math.max(most, sealed - before);
    before = sealed;
    looking = setImmediate(look);
  };
  let looking = setImmediate(look);
  await Promise.all(Array.from({ length: 5 }, () => sealer.sealAll(fieldsOf(12), counted, D)));
  clearImmediate(looking);
  expect(sealed).toBe(60);
  // Five milliseconds, and the one that ends after them.
  expect(most).toBeLessThanOrEqual(3);
});

test('one that cannot be signed is named by its place, nothing of its batch is handed out, and the next one is signed', async () => {
  const sealer = new BatchSealer();
  const refusing: Seal = (fields) =>
    fields.eventId === '7' ? Promise.reject(problem('invariantViolation', { field: 'payload' })) : seal(fields);
  const refused = sealer.sealAll(fieldsOf(10), refusing, D);
  const next = sealer.sealAll(fieldsOf(2), seal, D);
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: 'payload', index: 7 } });
  await expect(next).resolves.toEqual(['0', '1']);
});

test('what has waited longer than its asker waits is not begun', async () => {
  const sealer = new BatchSealer();
  const before = sealer.sealAll(fieldsOf(20), seal, D);
  const late = jest.fn(seal);
  await expect(sealer.sealAll(fieldsOf(5), late, 10)).rejects.toMatchObject({ detail: 'signing: no answer' });
  expect(late).not.toHaveBeenCalled();
  await expect(before).resolves.toHaveLength(20);
});
