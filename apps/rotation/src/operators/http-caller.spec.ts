// Who asks over HTTP, and what of, on a real PostgreSQL under the service's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from '@nestjs/common';
import { BusContext } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { COMMAND_NAMES, HTTP_COMMANDS, bearerHash, headers, subjects, type HttpCommand } from '@plexsphere/wire';
import { headers as natsHeaders } from 'nats';
import { ANA, OPEN_SCOPE, VIC, seededRings, type SeededRings } from '../../testing/seeded-rings';
import { namedRequest, strangerAt } from './http-caller';
import { AskedBy, OperatorGuard, type Asked } from './operator.guard';

jest.setTimeout(60_000);

const WEB = 'issuer:web';
const [ANAS, VICS] = ['the bearer of ana', 'the bearer of vic'].map((text) => text.replaceAll(' ', '-'));
const PEER = '203.0.113.7';

let seeded: SeededRings;
let guard: OperatorGuard;
beforeAll(async () => {
  seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  await seeded.asOwner(`
    UPDATE ring.operator SET bearer_hash = '${bearerHash(ANAS!)}' WHERE id = '${ANA}';
    UPDATE ring.operator SET bearer_hash = '${bearerHash(VICS!)}', scopes = NULL WHERE id = '${VIC}'`);
  guard = new OperatorGuard(seeded.database);
});
afterAll(() => seeded.drop());

interface Given {
  bearer?: string | string[];
  name?: string;
  peer?: string;
}

/** What the guard found of it. */
async function ask(subject: string, request: unknown, { bearer = ANAS!, name = 'n1', peer = PEER }: Given = {}) {
  const given = natsHeaders();
  for (const each of [bearer].flat()) given.append(headers.bearer, each);
  given.set(headers.idempotencyKey, name);
  given.set(headers.peer, peer);
  const bus = new BusContext([subject, given]);
  const context = { switchToRpc: () => ({ getContext: () => bus, getData: () => request }) };
  const end = await guard.canActivate(context as unknown as ExecutionContext).catch((error: unknown) => error);
  return { end, by: bus.foundToAsk, context };
}
const over = (command: HttpCommand, request: object = { scope: WEB }, given: Given = {}) =>
  ask(subjects.httpCommand(command), request, given);

/** As the decorated parameter gets it. */
function askedOf(context: object): Asked {
  class Probe {
    method(@AskedBy() _: Asked): void {}
  }
  const [{ factory }] = Object.values(Reflect.getMetadata('__routeArguments__', Probe, 'method') as object);
  return factory(undefined, context);
}

it('exactly these are offered', () => {
  expect([...HTTP_COMMANDS].sort()).toEqual([
    'issuer.show',
    'signing.close',
    'signing.revoke',
    'signing.rotate',
    'signing.stage',
    'signing.unstage',
  ]);
});

it.each(HTTP_COMMANDS)('%s of an issuer is let through by whoever bears the token of one who may', async (command) => {
  expect(await over(command)).toMatchObject({ end: true, by: ANA });
});

it.each(
  HTTP_COMMANDS.flatMap((command) =>
    [OPEN_SCOPE, 'platform', 'channel:x:a-to-b', 'nothing'].map((scope) => [command, scope] as const),
  ),
)('%s of %s is not, whoever asks', async (command, scope) => {
  expect(await over(command, { scope })).toMatchObject({ end: { code: 'PERMISSION_DENIED' }, by: ANA });
});

it.each([[{}], [null], ['scope'], [[]], [{ scope: [WEB] }]])(
  'a request that names no scope, as %j, is not either',
  async (request) => {
    expect(await over('signing.stage', request as object)).toMatchObject({ end: { code: 'PERMISSION_DENIED' } });
  },
);

it('what is not offered is refused though its subject were heard', async () => {
  const others = COMMAND_NAMES.filter((command) => !HTTP_COMMANDS.includes(command as HttpCommand));
  for (const command of [...others, 'signing.conjure', 'toString', '']) {
    const { end } = await ask(`http.command.${command}`, { scope: WEB });
    expect([command, end]).toMatchObject([command, { code: 'PERMISSION_DENIED' }]);
  }
});

it('a role may as much as on the bus', async () => {
  expect((await over('issuer.show', undefined, { bearer: VICS! })).end).toBe(true);
  for (const command of HTTP_COMMANDS.filter((each) => each !== 'issuer.show')) {
    expect(await over(command, undefined, { bearer: VICS! })).toMatchObject({
      end: { code: 'PERMISSION_DENIED' },
      by: VIC,
    });
  }
});

it.each<[string, Given]>([
  ['unknown', { bearer: 'somebody-elses' }],
  ['empty', { bearer: '' }],
  ['longer than any', { bearer: 'x'.repeat(513) }],
  ['in other characters', { bearer: 'ä' }],
  ['its hash', { bearer: bearerHash(ANAS!) }],
  ['two at once, one of them right', { bearer: ['x', ANAS!] }],
])('a bearer that is %s is nobody’s, and told apart by where it was shown', async (_, given) => {
  expect(await over('issuer.show', undefined, given)).toMatchObject({
    end: { code: 'UNAUTHENTICATED' },
    by: `http:${PEER}`,
  });
});

it('without headers there is nobody', async () => {
  const bus = new BusContext([subjects.httpCommand('issuer.show')]);
  const context = { switchToRpc: () => ({ getContext: () => bus, getData: () => ({ scope: WEB }) }) };
  await expect(guard.canActivate(context as unknown as ExecutionContext)).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
  expect(bus.foundToAsk).toBe('http:unknown');
});

it('whoever is revoked is nobody at once', async () => {
  await seeded.asOwner(`UPDATE ring.operator SET revoked_at = now() WHERE id = '${VIC}'`);
  expect(await over('issuer.show', undefined, { bearer: VICS! })).toMatchObject({ end: { code: 'UNAUTHENTICATED' } });
});

describe('a request', () => {
  const idOf = async (given: Given): Promise<string> => {
    const { context } = await over('signing.rotate', undefined, given);
    return askedOf(context).identity.requestId;
  };

  it('has one id by its name, whoever passes it on', async () => {
    const [one, again, other] = await Promise.all([
      idOf({ name: 'a' }),
      idOf({ name: 'a', peer: '::1' }),
      idOf({ name: 'b' }),
    ]);
    expect([again, one === other]).toEqual([one, false]);
    // RFC 9562, section 5.5, as another implementation has it (Python's uuid.uuid5).
    expect(namedRequest('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
    expect(namedRequest(ANA, 'a')).not.toBe(namedRequest(VIC, 'a'));
  });

  it.each(['', 'x'.repeat(256), 'with a blank', 'ä'])(
    'that changes something is refused where it is named %j',
    async (name) => {
      const body = { field: 'idempotency_key' };
      expect(await over('signing.rotate', undefined, { name })).toMatchObject({
        end: { code: 'INVALID_ARGUMENT', body },
      });
      expect((await over('issuer.show', undefined, { name })).end).toBe(true);
    },
  );

  it('brings no id of its own', async () => {
    const { end } = await over('signing.rotate', { scope: WEB, request_id: randomUUID() });
    expect(end).toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: 'request_id' } });
  });
});

it.each([
  ['203.0.113.7', 'http:203.0.113.7'],
  ['::ffff:203.0.113.7', 'http:203.0.113.7'],
  ['2001:db8:0:1:2:3:4:5', 'http:2001:db8:0:1::/64'],
  ['2001:DB8::1', 'http:2001:db8:0:0::/64'],
  ['::1', 'http:0:0:0:0::/64'],
  ['fe80::1%eth0', 'http:fe80:0:0:0::/64'],
  ['::', 'http:0:0:0:0::/64'],
  ['1:2:3:4:5:6:7::', 'http:1:2:3:4::/64'],
  ["'; DROP TABLE", 'http:unknown'],
  ['', 'http:unknown'],
])('a stranger at %j is %s', (peer, name) => expect(strangerAt(peer)).toBe(name));
