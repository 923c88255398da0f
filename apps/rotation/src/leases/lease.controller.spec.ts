import 'reflect-metadata';
import { BusContext, validated } from '@plexsphere/service-kit';
import { RenewLease } from '@plexsphere/wire/commands';
import type { LeaseBook } from './lease-book';
import { LeaseController } from './lease.controller';

const DOMAIN = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';
const request = { secret: 'A'.repeat(43), turn: 1, epochs: { [DOMAIN]: 3 } };

const book = { renew: jest.fn(async () => 'renewed'), release: jest.fn() };
const controller = new LeaseController(book as unknown as LeaseBook);
afterEach(() => jest.clearAllMocks());

const ask = (subject: string, body: object = request): Promise<unknown> =>
  validated(RenewLease)
    .transform(body, { type: 'body' })
    .then((valid) => controller.renew(valid, new BusContext([subject])));

const refused = (field: string) => ({ code: 'INVALID_ARGUMENT', body: { field } });

it('S8: who asks stands in the subject, which the server vouches for, and in nothing else', async () => {
  await expect(ask('rotation.renew-lease.signer.signer-1')).resolves.toBe('renewed');
  expect(book.renew).toHaveBeenCalledWith({ kind: 'signer', holder: 'signer-1' }, request);
  for (const member of ['kind', 'holder']) {
    await expect(
      ask('rotation.renew-lease.signer.signer-1', { ...request, [member]: 'gateway' }),
    ).rejects.toMatchObject(refused(member));
  }
});

it('releases, and says no more than that it did', async () => {
  await expect(ask('rotation.renew-lease.gateway.g-1', { ...request, release: true })).resolves.toEqual({});
  expect(book.release).toHaveBeenCalledWith({ kind: 'gateway', holder: 'g-1' }, { ...request, release: true });
  expect(book.renew).not.toHaveBeenCalled();
});

it.each([
  ['kind', 'rotation.renew-lease.relay.r-1'],
  ['holder', 'rotation.renew-lease.signer.Signer'],
  ['holder', `rotation.renew-lease.signer.${'s'.repeat(64)}`],
])('refuses the %s of %s', async (field, subject) => {
  await expect(ask(subject)).rejects.toMatchObject(refused(field));
});

const statements = (count: number, length = 1): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`issuer:i-${i}`, 's'.repeat(length)]));

it.each<[string, object]>([
  ['secret', { secret: undefined }],
  ['secret', { secret: 'A'.repeat(42) }],
  ['secret', { secret: `${'A'.repeat(42)}\n` }],
  ['turn', { turn: 0 }],
  ['turn', { turn: 1.5 }],
  ['turn', { turn: 2 ** 53 }],
  ['epochs', { epochs: [] }],
  ['epochs', { epochs: null }],
  ['epochs', { epochs: { [DOMAIN]: 0 } }],
  ['epochs', { epochs: { [DOMAIN]: '3' } }],
  ['epochs', { epochs: { [DOMAIN]: 2 ** 53 } }],
  ['epochs', { epochs: { nobody: 1 } }],
  ['statements', { statements: statements(9) }],
  ['statements', { statements: statements(1, 8_193) }],
  ['statements', { statements: { [DOMAIN]: 1 } }],
  ['statements', { statements: { nobody: 's' } }],
  ['clock_off_ms', { clock_off_ms: 0.5 }],
  ['release', { release: 'yes' }],
])('refuses a malformed %s by name: %j', async (field, change) => {
  await expect(ask('rotation.renew-lease.signer.signer-1', { ...request, ...change })).rejects.toMatchObject(
    refused(field),
  );
  expect(book.renew).not.toHaveBeenCalled();
});

it('takes as many statements as one renewal may bring, of the longest', async () => {
  await expect(
    ask('rotation.renew-lease.signer.signer-1', { ...request, statements: statements(8, 8_192) }),
  ).resolves.toBe('renewed');
});
