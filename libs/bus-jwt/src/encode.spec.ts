// Vectors: to the byte what NATS' own library makes of the same fields, in the same second, by the same key.
import { decode, encodeAccount, encodeOperator, encodeUser, type User } from '@nats-io/jwt';
import { accountPusherPermissions, busLimits, busPermissions, createBusKey, type BusUser } from '@plexsphere/wire';
import { issueOperator, issueSystemAccount, signAccount } from './accounts';
import { issueAccountPusher, issueUser } from './users';

const [operator, account, user, other] = [
  createBusKey('operator'),
  createBusKey('account'),
  createBusKey('user'),
  createBusKey('user'),
];
const id = '0b0e7a4e-6a5d-4c56-9c3e-0d6c1f2a3b4c';
const operatorSeed = operator.seed;
const accountPublicKey = account.publicKey;
const issued = { accountSeed: account.seed, publicKey: user.publicKey };

const NOW = 1_790_000_000;
beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(NOW * 1_000 + 999));
afterEach(() => jest.restoreAllMocks());

const LIMITS = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const JETSTREAM = {
  ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
  ...{ mem_max_stream_bytes: -1, disk_max_stream_bytes: -1, max_ack_pending: -1 },
};

const rightsOf = (busUser: BusUser) => {
  const [{ publish, subscribe }, { subscriptions, payloadBytes }] = [busPermissions(busUser), busLimits(busUser)];
  return { pub: { allow: publish }, sub: { allow: subscribe }, subs: subscriptions, payload: payloadBytes };
};

const USERS: [BusUser, shownAs: string][] = [
  [{ kind: 'node', id }, 'node/n'],
  [{ kind: 'node', id, hasNodeKey: true }, 'node/n'],
  [{ kind: 'operator', id }, 'operator/n'],
  [{ kind: 'rotation' }, 'n'],
  [{ kind: 'signer' }, 'n'],
];

it.each(USERS)('makes a user, %j, as the library does', async (busUser, shownAs) => {
  const theirs = await encodeUser(shownAs, user.publicKey, account.seed, rightsOf(busUser));
  expect(issueUser({ ...issued, user: busUser, name: 'n' })).toBe(theirs);
});

it('makes a user that ends as the library does', async () => {
  const busUser = { kind: 'node', id } as const;
  const exp = NOW + 604_800;
  const theirs = await encodeUser('node/n', user.publicKey, account.seed, rightsOf(busUser), { exp });
  expect(issueUser({ ...issued, user: busUser, name: 'n', expiresAt: exp })).toBe(theirs);
});

it('makes the account pusher as the library does', async () => {
  const { publish, subscribe } = accountPusherPermissions(accountPublicKey);
  const rights = { pub: { allow: publish }, sub: { allow: subscribe } };
  expect(issueAccountPusher({ systemAccountSeed: account.seed, accountPublicKey, publicKey: user.publicKey })).toBe(
    await encodeUser('account-pusher', user.publicKey, account.seed, rights),
  );
});

it('makes the operator and the account of the system as the library does', async () => {
  expect(issueOperator({ operatorSeed, systemAccountPublicKey: accountPublicKey })).toBe(
    await encodeOperator('plexsphere', operatorSeed, { system_account: accountPublicKey }),
  );
  expect(issueSystemAccount({ operatorSeed, accountPublicKey })).toBe(
    await encodeAccount('SYS', accountPublicKey, { limits: LIMITS }, { signer: operatorSeed }),
  );
});

it.each([
  ['nobody', []],
  ['two', [user, other].map(({ publicKey }, index) => ({ public_key: publicKey, at: NOW + index }))],
])('makes the account, with %s revoked, as the library does', async (_, revocations) => {
  const theirs = { limits: { ...LIMITS, ...JETSTREAM } };
  const list = Object.fromEntries(revocations.map(({ public_key, at }) => [public_key, at]));
  expect(signAccount({ operatorSeed, accountPublicKey, revocations })).toBe(
    await encodeAccount('MESH', accountPublicKey, { ...theirs, revocations: list }, { signer: operatorSeed }),
  );
});

it('issues when it is told to, whatever the clock says', () => {
  const jwt = issueUser({ ...issued, user: { kind: 'node', id }, name: 'n', issuedAt: NOW + 7 });
  expect(decode<User>(jwt)).toMatchObject({ iat: NOW + 7, iss: accountPublicKey });
});

it('writes a name in any letters, of which the library knows Latin ones alone', async () => {
  const name = 'Kraków 東京 🛰';
  await expect(encodeUser(name, user.publicKey, account.seed)).rejects.toThrow();
  const jwt = issueUser({ ...issued, user: { kind: 'node', id }, name });
  const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ name: `node/${name}` });
});
