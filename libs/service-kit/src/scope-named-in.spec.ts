import type { Traffic } from '@plexsphere/wire';
import type { Msg } from 'nats';
import { Admitted } from './admitted';
import { scopeNamedIn } from './scope-named-in';

const SCOPE = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';

it.each([
  ['the first member', { scope: SCOPE, payload: {} }, SCOPE],
  ['the last one', { payload: { deep: [{}] }, scope: SCOPE }, SCOPE],
  ['platform', { scope: 'platform' }, 'platform'],
  ['none', { payload: {} }, undefined],
  ['none that is a scope', { scope: 'domain:everything' }, undefined],
  ['no text', { scope: [SCOPE] }, undefined],
])('finds %s', (_, body, found) => {
  const text = JSON.stringify(body);
  expect(scopeNamedIn(Buffer.from(text))).toBe(found);
  expect(scopeNamedIn(Buffer.from(JSON.stringify(body, undefined, 2)))).toBe(found);
  // As a client hands it over: a part of what came.
  expect(scopeNamedIn(new Uint8Array(Buffer.from(`"scope":"issuer:a"${text}`)).subarray(18))).toBe(found);
});

it.each([
  '',
  '"scope"',
  '{"scope":',
  `{"scope":"${SCOPE}`,
  `{"scope":"${'\\u0064'}omain"}`,
  `{"scope" ${' '.repeat(500)}:"platform"}`,
])('finds none in %j', (text) => {
  expect(scopeNamedIn(Buffer.from(text))).toBeUndefined();
});

it('a command is not parsed before its turn: one caller’s large ones would be, all of them, before another’s is seen', () => {
  const parse = jest.spyOn(JSON, 'parse');
  const data = Buffer.from(`{"scope":"${SCOPE}","crowd":[${'{},'.repeat(1_000)}{}]}`);
  const answering = jest.fn((asked: Admitted) => ({ body: asked.body() as object }));
  const command = { queue: 'commands' } as Traffic;
  const admitted = new Admitted({ data } as unknown as Msg, command, 'somebody', answering, () => undefined);
  expect(admitted.lane()).toBe(SCOPE);
  expect(parse).not.toHaveBeenCalled();
  void admitted.run();
  expect(parse).toHaveBeenCalledTimes(1);
  parse.mockRestore();
});
