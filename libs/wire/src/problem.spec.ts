import { CODES, parseProblem, problem, PROBLEMS, type ProblemName } from './problem';

test.each(Object.keys(PROBLEMS) as ProblemName[])('%s crosses a process boundary unchanged', (name) => {
  const sent = problem(name, { field: 'scope', lagging: 3 });
  const received = parseProblem(sent.code, JSON.parse(JSON.stringify(sent.body)));
  expect(received.body).toEqual({ ...PROBLEMS[name], field: 'scope', lagging: 3 });
  expect(received.is(name)).toBe(true);
});

test('no two problems share a detail', () => {
  const details = Object.values(PROBLEMS).map(({ detail }) => detail);
  expect(new Set(details).size).toBe(details.length);
});

test('members cannot change code or detail', () => {
  const { code, detail } = problem('unknownScope', { code: 'INTERNAL', detail: 'x' });
  expect({ code, detail }).toEqual(PROBLEMS.unknownScope);
});

test.each([
  ['an unknown code', 'TEAPOT', { detail: 'x' }, { code: 'INTERNAL', detail: 'x' }],
  ['no code', '', { detail: 'x' }, { code: 'INTERNAL', detail: 'x' }],
  ['a code that every object has', 'toString', {}, { code: 'INTERNAL', detail: PROBLEMS.internal.detail }],
  ['the prototype for a code', '__proto__', {}, { code: 'INTERNAL', detail: PROBLEMS.internal.detail }],
  ['a body that is null', 'ABORTED', null, { code: 'ABORTED', detail: PROBLEMS.internal.detail }],
  ['a body that is text', 'ABORTED', 'no', { code: 'ABORTED', detail: PROBLEMS.internal.detail }],
  ['a detail that is no text', 'NOT_FOUND', { detail: {} }, { code: 'NOT_FOUND', detail: PROBLEMS.internal.detail }],
  ['a code in the body', 'ABORTED', { code: 'NOT_FOUND', detail: 'x' }, { code: 'ABORTED', detail: 'x' }],
])('%s', (_, header, body, expected) => {
  expect(parseProblem(header, body).body).toEqual(expected);
});

test.each([
  ['INVALID_ARGUMENT', 2],
  ['FAILED_PRECONDITION', 1],
  ['UNAVAILABLE', 1],
  ['UNAUTHENTICATED', 77],
  ['PERMISSION_DENIED', 77],
] as const)('%s exits with %i', (code, exitCode) => {
  expect(CODES[code].exitCode).toBe(exitCode);
});
