import 'reflect-metadata';
import * as commands from '@plexsphere/wire/commands';
import { IsString, Validator, ValidateBy, getMetadataStorage } from '@plexsphere/wire/validator';
import fc from 'fast-check';
import { rulesOf } from './request-rules';
import { accepting } from './validated';

const UUID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

/** Good ones of most kinds and bad ones of each, so that a body comes to any of its members' last checks now and then. */
const VALUES: readonly unknown[] = [
  ...[undefined, null, true, 0, 1, -1, 1.5, 1_000, 60_001, Number.MAX_SAFE_INTEGER + 1, Number.NaN],
  ...['', 'k-1', 'admin', 'rolling', 'route_updated', 'signing_key_rotated', 'platform_key_rotated', '\u202e'],
  ...['Ed25519', 'rotate', 'platform', 'issuer:web', `domain:${UUID}`, UUID, `${UUID}/${UUID}`, 'domain:x'],
  ...['2031-05-01T10:00:00Z', '2031-13-01', 'A'.repeat(43), `U${'A'.repeat(55)}`, 'ab'.repeat(32), 'x'.repeat(501)],
  ...[[], ['k-1'], ['platform', 1], [{}], {}, { platform: 1 }, { a: { b: [] } }, new String('k-1')],
];

type Class = new () => object;
const isClass = (value: unknown): value is Class =>
  typeof value === 'function' && getMetadataStorage().getTargetValidationMetadatas(value, '', false, false).length > 0;
const CLASSES = Object.entries(commands).filter((entry): entry is [string, Class] => isClass(entry[1]));

test('there are requests to try', () => expect(CLASSES.length).toBeGreaterThan(50));

test.each(CLASSES)('%s is refused for the very member that class-validator refuses it for', async (_, Request) => {
  const { known, offendingMember } = rulesOf(Request);
  const bodies = fc.record(Object.fromEntries([...known].map((name) => [name, fc.constantFrom(...VALUES)])), {
    requiredKeys: [],
  });
  await fc.assert(
    fc.asyncProperty(bodies, async (members) => {
      const body = Object.assign(new Request(), members);
      const [error] = await new Validator().validate(body, { stopAtFirstError: true });
      expect(offendingMember(body)).toBe(error?.property);
    }),
    { seed: 13, numRuns: 100 },
  );
});

test('a rule that would be passed over is none', () => {
  class Later {
    @ValidateBy({ name: 'later', validator: { validate: () => Promise.resolve(false) } }, { validateIf: () => true })
    a: string;
  }
  class Promised {
    @IsString({ validateIf: () => false })
    a: string;
  }
  expect(() => rulesOf(Later)).toThrow('Later.a');
  expect(() => rulesOf(Promised)).toThrow('Promised.a');
});

describe('a request to sign an envelope that is taken for a usual one', () => {
  const usual = {
    ...{ scope: `domain:${UUID}`, epoch: 7, event_type: 'route_updated', event_id: `${UUID}/${UUID}`, nonce: UUID },
    ...{ issued_at: '2031-05-01T10:00:00.123Z', payload: '{"a":1}', duration_ms: 1_000 },
  };
  const { isUsualSignEnvelope: isUsual, SignEnvelope } = commands;
  const accept = accepting(SignEnvelope);

  test('is one as they are sent, with a payload or without', () => {
    expect(isUsual(usual)).toBe(true);
    expect(isUsual({ ...usual, payload: null })).toBe(true);
    expect(accepting(SignEnvelope, isUsual)(usual)).toEqual(usual);
  });

  test('is one by its rules', () => {
    const names = fc.constantFrom(...Object.keys(usual), '__proto__', 'other');
    const texts = ['x'.repeat(100), 'x'.repeat(101), 'x'.repeat(200), 'x'.repeat(201), '\ud83d\ude00'.repeat(100)];
    const changes = fc.array(fc.tuple(names, fc.constantFrom(...VALUES, ...texts)), { maxLength: 2 });
    let [taken, others] = [0, 0];
    fc.assert(
      fc.property(changes, fc.option(names), (changed, missing) => {
        const members = new Map([...Object.entries(usual), ...changed]);
        if (missing !== null) members.delete(missing);
        const body = JSON.parse(JSON.stringify(Object.fromEntries(members))) as object;
        if (!isUsual(body)) return void others++;
        taken++;
        expect(accept(body)).toEqual(body);
      }),
      { seed: 13, numRuns: 2_000 },
    );
    expect(Math.min(taken, others)).toBeGreaterThan(100);
  });

  test.each(Object.keys(usual))('has %s', (name) => {
    const others = Object.entries(usual).filter(([other]) => other !== name);
    expect(isUsual(Object.fromEntries(others))).toBe(false);
  });
});
