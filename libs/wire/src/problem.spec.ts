import { CODES, parseProblem, problem, problemDetails, PROBLEMS, type ProblemName } from './problem';

test.each(Object.keys(PROBLEMS) as ProblemName[])('%s crosses a process boundary unchanged', (name) => {
  const sent = problem(name, { field: 'scope', lagging: 3 });
  const received = parseProblem(sent.code, JSON.parse(JSON.stringify(sent.body)));
  const { code, detail } = PROBLEMS[name];
  expect(received.body).toEqual({ code, detail, field: 'scope', lagging: 3 });
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

// google/rpc/code.proto names the HTTP status of each.
test.each([
  ['INVALID_ARGUMENT', 2, 400],
  ['FAILED_PRECONDITION', 1, 400],
  ['NOT_FOUND', 1, 404],
  ['ALREADY_EXISTS', 1, 409],
  ['ABORTED', 1, 409],
  ['RESOURCE_EXHAUSTED', 1, 429],
  ['INTERNAL', 1, 500],
  ['UNAVAILABLE', 1, 503],
  ['DEADLINE_EXCEEDED', 1, 504],
  ['UNAUTHENTICATED', 77, 401],
  ['PERMISSION_DENIED', 77, 403],
] as const)('%s exits with %i, and is %i over HTTP', (code, exitCode, httpStatus) => {
  expect(CODES[code]).toEqual({ exitCode, httpStatus });
});

describe('RFC 9457', () => {
  test('the body of a problem with its type and status, which no member can change', () => {
    const refused = problem('nodesLagging', { lagging: ['edge-1'], type: 'x', status: 200 });
    expect(problemDetails(refused)).toEqual({
      type: '/problems/nodes-lagging',
      status: 400,
      code: 'nodes_lagging',
      detail: 'signing: nodes lagging',
      lagging: ['edge-1'],
    });
  });

  test('every problem has a type of its own, which is a URI reference', () => {
    const types = (Object.keys(PROBLEMS) as ProblemName[]).map((name) => problemDetails(problem(name)).type);
    expect(new Set(types).size).toBe(types.length);
    for (const type of types) expect(new URL(type, 'https://gateway.test').pathname).toBe(type);
  });

  test('a problem of HTTP alone has its own status, and one caller may have to take another', () => {
    expect(problemDetails(problem('requestTooLarge'))).toMatchObject({ status: 413, code: 'request_too_large' });
    expect(problemDetails(problem('scopeBusy'), 503)).toMatchObject({ status: 503, code: 'scope_busy' });
    expect(problem('requestTooLarge').body).not.toHaveProperty('httpStatus');
  });

  test('what another version answers is about:blank', () => {
    expect(problemDetails(parseProblem('ABORTED', { detail: 'signing: later' }))).toEqual({
      type: 'about:blank',
      status: 409,
      code: 'aborted',
      detail: 'signing: later',
    });
  });
});
