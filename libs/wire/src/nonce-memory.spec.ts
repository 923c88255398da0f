import { NonceMemory, STALENESS_MS } from './nonce-memory';

const start = Date.parse('2026-03-01T12:00:00Z');
const at = (ms: number): Date => new Date(start + ms);

test('a nonce is kept for as long as its envelope is fresh, and then forgotten', () => {
  const nonces = new NonceMemory();
  nonces.remember('a', at(0), at(0));
  nonces.remember('b', at(0), at(STALENESS_MS));
  expect(nonces.seen('a')).toBe(true);
  nonces.remember('c', at(STALENESS_MS), at(STALENESS_MS + 60_000));
  expect([nonces.seen('a'), nonces.seen('b'), nonces.seen('c')]).toEqual([false, false, true]);
});

test('a nonce from the future is kept until that is stale', () => {
  const nonces = new NonceMemory();
  nonces.remember('ahead', at(STALENESS_MS), at(0));
  nonces.remember('other', at(2 * STALENESS_MS), at(2 * STALENESS_MS));
  expect(nonces.seen('ahead')).toBe(true);
});

test('a clock that was set back does not stop the sweeping', () => {
  const nonces = new NonceMemory();
  nonces.remember('late', at(0), at(86_400_000));
  nonces.remember('old', at(-2 * STALENESS_MS), at(0));
  expect(nonces.seen('old')).toBe(false);
});
