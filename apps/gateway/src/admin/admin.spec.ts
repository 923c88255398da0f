// Operators over HTTP: a real gateway, and rotation played on a real bus.
import { eventually } from '@plexsphere/testkit';
import { Problem, headers, problem, type Command } from '@plexsphere/wire';
import { headers as natsHeaders, type Msg } from 'nats';
import { GatewayWorld } from '../../testing/gateway-world';

jest.setTimeout(120_000);

const BEARER = 'the-bearer-of-an-operator';
const COLLEAGUES = 'the-bearer-of-a-colleague';
const KEYS = '/api/v1/admin/keys';
const WEB = 'issuer:web';

interface Asked {
  command: string;
  body: Record<string, unknown>;
  name: string;
  bearer: string;
  peer: string;
}
type Answer = (asked: Asked, message: Msg) => object | Problem | undefined;

let world: GatewayWorld;
let asked: Asked[];
let answers: Partial<Record<Command, Answer>>;

const KEY = { algorithm: 'ES256', since: 's', propagated_at: null, tokens_until: null, verifies_until: null };
const SHOWN = {
  ...{ url: 'https://id.example.com', epoch: 3 },
  keys: [
    { key_id: 'a', state: 'active', ...KEY },
    { key_id: 's', state: 'staged', ...KEY, propagated_at: 'p' },
    { key_id: 'r', state: 'retiring', ...KEY, tokens_until: 't' },
  ],
};
const STAGED = { staged_key_id: 's', staged_at: 'a', propagated_at: 'p', rotate_by: 'b', epoch: 4, scope: WEB };

beforeAll(async () => {
  world = await GatewayWorld.make();
  await world.addIssuer('web', { isDefault: true });
  await world.addIssuer('shop');
  world.others.subscribe('http.command.>', { callback: (_, message) => answer(message) });
});
afterAll(() => world.end());
beforeEach(() => {
  asked = [];
  answers = { 'issuer.show': () => SHOWN };
});

function answer(message: Msg): void {
  const shown = (name: string): string => message.headers?.get(name) ?? '';
  const command = message.subject.replace('http.command.', '') as Command;
  const said: Asked = {
    ...{ command, body: message.json(), name: shown(headers.idempotencyKey) },
    ...{ bearer: shown(headers.bearer), peer: shown(headers.peer) },
  };
  asked.push(said);
  const told = [BEARER, COLLEAGUES].includes(said.bearer)
    ? answers[command]?.(said, message)
    : problem('notAuthenticated');
  if (told !== undefined) tell(message, told);
}

function tell(message: Msg, told: object | Problem): void {
  if (!(told instanceof Problem)) return void message.respond(JSON.stringify(told));
  const refused = natsHeaders();
  refused.set(headers.errorCode, told.code);
  message.respond(JSON.stringify(told.body), { headers: refused });
}

const call = (path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> =>
  world.get(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${BEARER}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const told = async (answered: Promise<Response>) => {
  const {
    status,
    headers: given,
    ...response
  } = await answered.then(async (each) => ({
    ...{ status: each.status, headers: each.headers, body: (await each.json()) as Record<string, unknown> },
  }));
  return { status, retryAfter: given.get('retry-after'), ...response };
};
const changes = () => asked.filter(({ command }) => command !== 'issuer.show');

it('shows the keys of the default issuer, and of each under a path of its own', async () => {
  expect(await told(call(KEYS))).toMatchObject({
    status: 200,
    body: {
      ...{ issuer: 'https://id.example.com', scope: WEB, epoch: 3 },
      keys: [
        { kid: 'a', alg: 'ES256', state: 'active' },
        { kid: 's', state: 'staged', propagated_at: 'p' },
        { kid: 'r', state: 'retiring', tokens_until: 't' },
      ],
    },
  });
  expect((await call(`/issuers/shop${KEYS}`)).status).toBe(200);
  const { length } = asked;
  expect(asked.slice(-2).map(({ body }) => body)).toEqual([{ scope: WEB }, { scope: 'issuer:shop' }]);
  expect(await told(call(`/issuers/nobody${KEYS}`))).toMatchObject({ status: 404, body: { code: 'unknown_scope' } });
  expect(asked).toHaveLength(length);
  expect((await call(KEYS)).headers.get('cache-control')).toBe('no-store');
});

it.each([
  ['nothing', {}],
  ['another scheme', { authorization: `Basic ${BEARER}` }],
  ['blanks', { authorization: `Bearer ${BEARER} x` }],
  ['more than any', { authorization: `Bearer ${'x'.repeat(513)}` }],
])('whoever shows %s is nobody, and rotation is not asked', async (_, shown) => {
  const refused = await world.get(KEYS, { headers: shown });
  expect([refused.status, refused.headers.get('www-authenticate'), asked]).toEqual([401, 'Bearer', []]);
});

it('whoever shows a bearer that rotation does not know changes nothing, and is looked up each time', async () => {
  answers['signing.stage'] = () => STAGED;
  for (let n = 1; n <= 2; n++) {
    const refused = await told(call(`${KEYS}/rotate`, {}, { authorization: 'Bearer guess' }));
    expect(refused).toMatchObject({ status: 401, body: { code: 'not_authenticated' } });
  }
  expect(asked.map(({ command, bearer }) => [command, bearer])).toEqual(Array(2).fill(['issuer.show', 'guess']));
  expect(asked[0]?.peer).toMatch(/127\.0\.0\.1$/);
});

it('one that rotation knows no more is looked up again', async () => {
  await call(KEYS);
  answers['signing.stage'] = () => problem('notAuthenticated');
  expect((await call(`${KEYS}/rotate`, {})).status).toBe(401);
  asked = [];
  await call(`${KEYS}/rotate`, {});
  expect(asked.map(({ command }) => command)).toEqual(['issuer.show', 'signing.stage']);
});

describe('POST …/rotate', () => {
  it('answers 201 with the key that it staged, 200 with the one that was', async () => {
    answers['signing.stage'] = () => STAGED;
    const body = { kid: 's', state: 'staged', staged_at: 'a', propagated_at: 'p', rotate_by: 'b', epoch: 4 };
    expect(await told(call(`${KEYS}/rotate`, { reason: 'yearly' }))).toMatchObject({ status: 201, body });
    expect(changes().map((each) => each.body)).toEqual([{ scope: WEB, unless_staged: true, reason: 'yearly' }]);
    answers['signing.stage'] = () => ({ ...STAGED, already_staged: true });
    expect(await told(call(`${KEYS}/rotate`, {}))).toMatchObject({ status: 200, body });
  });

  it('needs no body', async () => {
    answers['signing.stage'] = () => STAGED;
    const answered = await world.get(`/issuers/shop${KEYS}/rotate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${BEARER}` },
    });
    expect(answered.status).toBe(201);
    expect(changes()[0]?.body).toEqual({ scope: 'issuer:shop', unless_staged: true });
  });
});

describe('POST …/promote', () => {
  const OPENED = { old_key_id: 'a', new_key_id: 's', opened_at: 'o', closes_at: 'c', epoch: 5 };

  it('has that key sign', async () => {
    answers['signing.rotate'] = () => OPENED;
    expect(await told(call(`${KEYS}/s/promote`, {}))).toMatchObject({
      status: 200,
      body: { kid: 's', state: 'active', retiring_kid: 'a', opened_at: 'o', closes_at: 'c', epoch: 5 },
    });
    await call(`${KEYS}/s/promote`, { force: true, reason: 'now' });
    expect(changes().map(({ body }) => body)).toEqual([
      { scope: WEB, new_key_id: 's' },
      { scope: WEB, new_key_id: 's', force: true, reason: 'now' },
    ]);
  });

  it('that is refused says so of the key by the words of the other answers', async () => {
    const open = { old_key_id: 'a', new_key_id: 's', opened_at: 'o' };
    answers['signing.rotate'] = () => problem('rotationInProgress', { field: 'new_key_id', ...open });
    const { body } = await told(call(`${KEYS}/s/promote`, {}));
    expect(body).toMatchObject({
      code: 'rotation_in_progress',
      field: 'kid',
      kid: 's',
      retiring_kid: 'a',
      opened_at: 'o',
    });
    expect(Object.keys(body).filter((name) => name.includes('key_id'))).toEqual([]);
  });

  it.each([
    ['before it has propagated', 'notPropagatedYet', { seconds_left: 42 }, '42'],
    ['before anybody knows when that is', 'notPropagatedYet', { seconds_left: null }, '5'],
    ['while another rotation is open', 'rotationInProgress', {}, null],
    ['while another key is staged', 'anotherKeyStaged', {}, null],
  ] as const)('is a conflict %s', async (_, name, members, retryAfter) => {
    answers['signing.rotate'] = () => problem(name, members);
    const refused = await told(call(`${KEYS}/s/promote`, {}));
    expect(refused).toMatchObject({ status: 409, retryAfter, body: { ...members, status: 409 } });
  });

  it('by force of one who is no admin is refused', async () => {
    answers['signing.rotate'] = () => problem('permissionDenied');
    expect((await call(`${KEYS}/s/promote`, { force: true })).status).toBe(403);
  });
});

describe('POST …/disable', () => {
  const UNSTAGED = { unstaged_key_id: 's', active_key_id: 'a', epoch: 6 };
  const CLOSED = { old_key_id: 'r', new_key_id: 'a', epoch: 7 };
  const REVOKED = { revoked_key_id: 'a', active_key_id: 's', epoch: 8, known_by: 'k' };
  beforeEach(() => {
    answers['signing.unstage'] = ({ body }) => (body['key_id'] === 's' ? UNSTAGED : problem('keyNotStaged'));
    answers['signing.close'] = ({ body }) => (body['old_key_id'] === 'r' ? CLOSED : problem('transitionMismatch'));
    answers['signing.revoke'] = () => REVOKED;
  });

  it('takes a staged key back', async () => {
    const body = { kid: 's', state: 'retired', active_kid: 'a', known_by: null, epoch: 6 };
    expect(await told(call(`${KEYS}/s/disable`, { reason: 'wrong' }))).toMatchObject({ status: 200, body });
    expect(changes().map(({ command, body: sent }) => [command, sent])).toEqual([
      ['signing.unstage', { scope: WEB, key_id: 's', reason: 'wrong' }],
    ]);
  });

  it('closes the rotation from a key that retires', async () => {
    const body = { kid: 'r', state: 'retired', active_kid: 'a', known_by: null, epoch: 7 };
    expect(await told(call(`${KEYS}/r/disable`, {}))).toMatchObject({ status: 200, body });
    expect(changes().map(({ command, body: sent }) => [command, sent])).toEqual([
      ['signing.close', { scope: WEB, old_key_id: 'r' }],
    ]);
  });

  it('is a conflict while tokens by it live, with how long', async () => {
    answers['signing.close'] = () => problem('signaturesOutstanding', { seconds_left: 3_600, key_id: 'r' });
    const refused = await told(call(`${KEYS}/r/disable`, {}));
    const body = { code: 'signatures_outstanding', kid: 'r' };
    expect(refused).toMatchObject({ status: 409, retryAfter: '3600', body });
    expect(refused.body).not.toHaveProperty('key_id');
  });

  it('takes a key of another service by what its tokens call it, and says so of no other', async () => {
    const names = ['old-1', 'https://old.example.com/keys#1 (2029)'];
    const foreign = names.map((jwk_kid, n) => ({ ...KEY, key_id: `foreign-${n}`, state: 'retiring', jwk_kid }));
    answers['issuer.show'] = () => ({ ...SHOWN, keys: [...SHOWN.keys, ...foreign] });
    answers['signing.revoke'] = ({ body }) =>
      String(body['key_id']).startsWith('foreign-') ? REVOKED : problem('unknownKey', { key_id: body['key_id'] });
    const listed = (await told(call(KEYS))).body['keys'] as object[];
    expect(listed.slice(-2)).toEqual(names.map((kid) => expect.objectContaining({ kid })));
    expect(listed.at(-1)).not.toHaveProperty('jwk_kid');
    for (const kid of names) {
      const path = `${KEYS}/${encodeURIComponent(kid)}/disable`;
      expect(await told(call(path, { emergency: true, reason: 'stolen' }))).toMatchObject({
        status: 200,
        body: { kid },
      });
      // Without need: it goes by itself.
      expect(await told(call(path, {}))).toMatchObject({ status: 409, body: { kid, state: 'retiring' } });
    }
    const gone = await told(call(`${KEYS}/gone/disable`, { emergency: true, reason: 'stolen' }));
    expect(gone).toMatchObject({ status: 404, body: { code: 'unknown_key', kid: 'gone' } });
  });

  it('is a conflict of the active key, and of one that retires in no open rotation', async () => {
    expect(await told(call(`${KEYS}/a/disable`, {}))).toMatchObject({
      status: 409,
      body: { code: 'transition_mismatch', kid: 'a', state: 'active' },
    });
    answers['signing.close'] = () => problem('noOpenRotation');
    expect(await told(call(`${KEYS}/r/disable`, {}))).toMatchObject({
      status: 409,
      body: { code: 'no_open_rotation', kid: 'r', state: 'retiring' },
    });
  });

  it('knows no key that is not in the ring', async () => {
    for (const body of [{}, { emergency: false }]) {
      const refused = await told(call(`${KEYS}/gone/disable`, body));
      expect(refused).toMatchObject({ status: 404, body: { code: 'unknown_key', field: 'kid' } });
    }
  });

  it('in an emergency throws out whatever it is, without a look at it', async () => {
    await call(KEYS);
    asked = [];
    const body = { kid: 'a', state: 'revoked', active_kid: 's', known_by: 'k', epoch: 8 };
    expect(await told(call(`${KEYS}/a/disable`, { emergency: true, reason: 'stolen' }))).toMatchObject({
      status: 200,
      body,
    });
    expect(asked.map(({ command, body: sent }) => [command, sent])).toEqual([
      ['signing.revoke', { scope: WEB, key_id: 'a', reason: 'stolen' }],
    ]);
  });

  it.each(['signing.close', 'signing.unstage'] as const)(
    'whose answer by %s was lost is answered again',
    async (done) => {
      // The key has gone by it meanwhile, and rotation knows what it answered to a request of that name.
      answers['issuer.show'] = () => ({ ...SHOWN, keys: SHOWN.keys.slice(0, 1) });
      const kept: Answer = ({ command, name }) => {
        if (name !== 'once') return problem('transitionMismatch');
        return command === done ? { ...UNSTAGED, ...CLOSED } : problem('requestIdReused');
      };
      answers['signing.close'] = answers['signing.unstage'] = kept;
      const again = await told(call(`${KEYS}/r/disable`, {}, { 'idempotency-key': 'once' }));
      expect(again).toMatchObject({ status: 200, body: { kid: 'r', state: 'retired', active_kid: 'a', epoch: 7 } });
      expect((await call(`${KEYS}/r/disable`, {}, { 'idempotency-key': 'twice' })).status).toBe(404);
    },
  );
});

it.each([
  ['rotate', { reason: 1 }, 'reason'],
  ['rotate', { reason: 'a\nb' }, 'reason'],
  ['rotate', { force: true }, 'body'],
  ['rotate', [], 'body'],
  ['rotate', 'text', 'body'],
  ['s/promote', { force: 'yes' }, 'force'],
  ['s/promote', { emergency: true }, 'body'],
  ['s/promote', JSON.parse('{"__proto__": 1}'), 'body'],
  ['a/disable', { emergency: true }, 'reason'],
  ['a/disable', { emergency: true, reason: ' ' }, 'reason'],
  ['a/disable', { emergency: 1, reason: 'stolen' }, 'emergency'],
  ['a/disable', { emergencY: true, reason: 'stolen' }, 'body'],
  [`${'x'.repeat(129)}/disable`, {}, 'kid'],
  ['a%2Fb/promote', {}, 'kid'],
  ['~a/promote', {}, 'kid'],
])('POST …/%s with %j is refused by the name of the field, and nothing is changed', async (path, body, field) => {
  expect(await told(call(`${KEYS}/${path}`, body))).toMatchObject({ status: 400, body: { field } });
  expect(changes()).toEqual([]);
});

describe('a request', () => {
  beforeEach(() => (answers['signing.stage'] = () => STAGED));

  it('has the name that its caller gives it, else one that is drawn', async () => {
    await call(`${KEYS}/rotate`, {}, { 'idempotency-key': 'my-own.1' });
    await call(`${KEYS}/rotate`, {});
    await call(`${KEYS}/rotate`, {});
    const names = changes().map(({ name }) => name);
    expect([names[0], new Set(names).size, names.every((name) => name.length > 0)]).toEqual(['my-own.1', 3, true]);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(256), 'ä'])('of the name %j is refused', async (name) => {
    const refused = await told(call(`${KEYS}/rotate`, {}, { 'idempotency-key': name }));
    expect(refused).toMatchObject({ status: 400, body: { field: 'idempotency_key' } });
    expect(asked).toEqual([]);
  });

  it('of a name that another request had is refused by what HTTP calls it', async () => {
    answers['signing.stage'] = () => problem('requestIdReused', { field: 'request_id' });
    const refused = await told(call(`${KEYS}/rotate`, {}, { 'idempotency-key': 'once' }));
    expect(refused).toMatchObject({ status: 409, body: { code: 'request_id_reused', field: 'idempotency_key' } });
  });

  it('is repeated under one name while nobody answers, and done by whoever does', async () => {
    let silent = 1;
    answers['signing.stage'] = () => (silent-- > 0 ? undefined : STAGED);
    expect((await call(`${KEYS}/rotate`, {})).status).toBe(201);
    const names = changes().map(({ name }) => name);
    expect([names.length, new Set(names).size]).toEqual([2, 1]);
  });

  it.each<[string, object | Problem, [number, string | undefined]]>([
    ['done by the first copy though the second is refused', STAGED, [201, undefined]],
    ['refused once every copy is', problem('scopeBusy'), [503, 'scope_busy']],
  ])('is %s', async (_, first, expected) => {
    let atWork: Msg | undefined;
    answers['signing.stage'] = (_said, message) => {
      if (atWork === undefined) {
        atWork = message;
        return undefined;
      }
      setTimeout(tell, 300, atWork, first);
      return problem('keyUnavailable');
    };
    const { status, body } = await told(call(`${KEYS}/rotate`, {}));
    expect([status, body['code']]).toEqual(expected);
    expect(changes()).toHaveLength(2);
  });
});

it('a key may be called as long as any is', async () => {
  const kid = 'x'.repeat(128);
  answers['signing.rotate'] = ({ body }) => ({ old_key_id: 'a', new_key_id: body['new_key_id'] });
  const promoted = await told(call(`${KEYS}/${kid.replaceAll('x', '%78')}/promote`, {}));
  expect(promoted).toMatchObject({ status: 200, body: { kid } });
});

it('whoever fails twenty times a minute is told to wait; one who shows the right bearer there is not', async () => {
  const guess = () => told(call(KEYS, undefined, { authorization: 'Bearer guess' }));
  const answered = [];
  for (let n = 0; n < 30; n++) answered.push(await guess());
  // Some have failed there before this.
  expect([answered[0]?.status, answered.at(-1)?.status]).toEqual([401, 429]);
  const { body, retryAfter } = answered.at(-1)!;
  expect([body['code'], Number(retryAfter) > 0, Number(retryAfter) <= 60]).toEqual(['too_often', true, true]);
  expect((await call(KEYS)).status).toBe(200);
});

it('whoever comes with many at once waits alone', async () => {
  const held: Msg[] = [];
  let holds = true;
  answers['issuer.show'] = ({ bearer }, message) => {
    if (!holds || bearer !== COLLEAGUES) return SHOWN;
    held.push(message);
    return undefined;
  };
  const colleagues = { authorization: `Bearer ${COLLEAGUES}` };
  holds = false;
  expect((await call(KEYS, undefined, colleagues)).status).toBe(200);
  holds = true;
  const many = Array.from({ length: 20 }, async () => (await call(KEYS, undefined, colleagues)).status);
  await eventually(async () => held.length === 4, { describe: 'the first of them under way' });
  expect((await call(KEYS)).status).toBe(200);
  expect(held).toHaveLength(4);
  holds = false;
  for (const message of held) message.respond(JSON.stringify(SHOWN));
  expect(await Promise.all(many)).toEqual(Array(20).fill(200));
});

it('nothing of a bearer stands in the log', () => {
  expect(JSON.stringify(world.gateway.log())).not.toContain(BEARER);
});
