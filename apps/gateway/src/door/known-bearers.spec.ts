import { createHash, randomUUID } from 'node:crypto';
import { KnownBearers } from './known-bearers';

const hash = (bearer: string): Buffer => createHash('sha256').update(bearer).digest();
const [id, bearerHash] = [randomUUID(), hash('its own')];

let known: KnownBearers;
beforeEach(() => {
  known = new KnownBearers();
  known.note({ id, bearerHash });
});

test('a bearer is known of its Node alone, and until it is forgotten', () => {
  expect([known.has(id, hash('its own')), known.has(id, hash('other')), known.has(randomUUID(), bearerHash)]).toEqual([
    true,
    false,
    false,
  ]);
  known.forget(id);
  expect(known.has(id, bearerHash)).toBe(false);
});

test('of very many those go who have not called for the longest', () => {
  const others = Array.from({ length: 99_999 }, () => randomUUID());
  for (const other of others) known.note({ id: other, bearerHash });
  known.note({ id, bearerHash });
  known.note({ id: randomUUID(), bearerHash });
  expect([known.has(others[0]!, bearerHash), known.has(others[1]!, bearerHash), known.has(id, bearerHash)]).toEqual([
    false,
    true,
    true,
  ]);
});
