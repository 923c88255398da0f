import { decode, parseCreds as parsedByNats, type Account, type User } from '@nats-io/jwt';
import {
  MAX_ENVELOPE_BYTES,
  SERVICE_NAMES,
  credsText,
  busPermissions,
  subjects,
  trafficOn,
  type BusUser,
  createBusKey,
} from '@plexsphere/wire';
import { signAccount } from './accounts';
import { BusJwtError } from './bus-key';
import { issueAccountPusher, issueUser } from './users';

const operator = createBusKey('operator');
const account = createBusKey('account');
const user = createBusKey('user');
const id = '0b0e7a4e-6a5d-4c56-9c3e-0d6c1f2a3b4c';

const users: BusUser[] = [
  { kind: 'node', id },
  { kind: 'operator', id },
  { kind: 'rotation' },
  { kind: 'signer' },
  { kind: 'outbox-relay' },
];

it.each(users)('writes into the credential of $kind what the contract lets it do, and no more', (busUser) => {
  const jwt = issueUser({ accountSeed: account.seed, user: busUser, name: 'n', publicKey: user.publicKey });
  const { nats, iss, sub, exp } = decode<User>(jwt);
  const { publish, subscribe } = busPermissions(busUser);
  expect({ iss, sub, exp }).toEqual({ iss: account.publicKey, sub: user.publicKey, exp: undefined });
  expect(nats.pub).toEqual({ allow: publish });
  expect(nats.sub).toEqual({ allow: subscribe });
  // S1: it would let whoever asks pick any subject for the answer.
  expect(nats.resp).toBeUndefined();
  expect(nats.bearer_token).toBeUndefined();
});

it('S10: limits what a Node or an operator may hold of the bus, and no service', () => {
  const limitsOf = (busUser: BusUser) => {
    const jwt = issueUser({ accountSeed: account.seed, user: busUser, name: 'n', publicKey: user.publicKey });
    const { subs, payload } = decode<User>(jwt).nats;
    return { subs, payload };
  };
  expect(limitsOf({ kind: 'node', id })).toEqual({ subs: 8, payload: 16_384 });
  // Whatever an operator may legally publish has to fit.
  const { limitBytes } = trafficOn(subjects.command(id, 'events.publish')) ?? { limitBytes: 0 };
  expect(limitsOf({ kind: 'operator', id })).toEqual({ subs: 32, payload: limitBytes });
  expect(limitBytes).toBeGreaterThan(6 * MAX_ENVELOPE_BYTES);
  for (const kind of SERVICE_NAMES) expect(limitsOf({ kind })).toEqual({ subs: -1, payload: -1 });
});

it('ends a credential when it is told to', () => {
  const fields = { accountSeed: account.seed, name: 'n', publicKey: user.publicKey, expiresAt: 2_000_000_000 };
  expect(decode<User>(issueUser({ ...fields, user: { kind: 'operator', id } })).exp).toBe(2_000_000_000);
});

it('names in the account JWT these revocations and only these', () => {
  const revocations = [{ public_key: user.publicKey, at: 1_700_000_000 }];
  const fields = { operatorSeed: operator.seed, accountPublicKey: account.publicKey };
  const revoked = decode<Account>(signAccount({ ...fields, revocations }));
  expect(revoked.nats.revocations).toEqual({ [user.publicKey]: 1_700_000_000 });
  expect(decode<Account>(signAccount({ ...fields, revocations: [] })).nats.revocations).toEqual({});
});

it.each([
  ['a wildcard in place of a user', { public_key: '*', at: 1 }],
  ['an account in place of a user', { public_key: account.publicKey, at: 1 }],
])('refuses to revoke %s', (_, revocation) => {
  const signing = () =>
    signAccount({ operatorSeed: operator.seed, accountPublicKey: account.publicKey, revocations: [revocation] });
  expect(signing).toThrow(new BusJwtError('bad_public_key'));
});

it('refuses a seed of another kind as the account', () => {
  const issuing = () =>
    issueUser({ accountSeed: operator.seed, user: { kind: 'signer' }, name: 'n', publicKey: user.publicKey });
  expect(issuing).toThrow(new BusJwtError('bad_seed'));
});

it('refuses a subject in place of the account that is to be pushed', () => {
  const issuing = () =>
    issueAccountPusher({ systemAccountSeed: account.seed, accountPublicKey: '*', publicKey: user.publicKey });
  expect(issuing).toThrow(new BusJwtError('bad_public_key'));
});

it.each(['EVENTS', 'rotation', 'outbox-relay', 'platform', 'node', '_INBOX', 'account-pusher'])(
  'S16: a Node that is called %s has the rights of any other, and no name of ours',
  (name) => {
    const account = createBusKey('account');
    const issue = (called: string) => {
      const user = { kind: 'node', id: '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1' } as const;
      const publicKey = createBusKey('user').publicKey;
      const jwt = issueUser({ accountSeed: account.seed, user, name: called, publicKey });
      return decode<User>(jwt);
    };
    const [one, other] = [issue(name), issue('edge-1')];
    expect(one.nats).toEqual(other.nats);
    expect(one.name).toBe(`node/${name}`);
    const service = { accountSeed: account.seed, user: { kind: 'rotation' } as const, name: 'rotation' };
    const jwt = issueUser({ ...service, publicKey: createBusKey('user').publicKey });
    expect(decode<User>(jwt).name).toBe('rotation');
  },
);

it('is handed over in the form that NATS own parser reads, which verifies the JWT', async () => {
  const fields = {
    accountSeed: account.seed,
    user: { kind: 'signer' },
    name: 'signer',
    publicKey: user.publicKey,
  } as const;
  const jwt = issueUser(fields);
  const theirs = await parsedByNats(Buffer.from(credsText(jwt, user.seed)));
  expect(theirs).toMatchObject({ key: user.seed, jwt, aid: account.publicKey });
});
