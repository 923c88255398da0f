import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bus, BusServer, Logger } from '@plexsphere/service-kit';
import { Health } from '@plexsphere/service-kit';
import { problem, type RingView } from '@plexsphere/wire';
import type { RenewLease, RenewLeaseReply } from '@plexsphere/wire/commands';
import { DOMAIN, privateKeysOf, publicKeyOf, ringOf, rotatedRing } from '@plexsphere/testkit';
import { DatabaseClock } from './database-clock';
import { HeldScopes } from './held-scopes';
import { NotLoadable, type LeaseHolder } from './holder';
import { LeaseKeeper } from './lease-keeper';
import { LeaseTable } from './lease-table';

const L = 9_000;
const first = ringOf(DOMAIN, 1, { a: 'active' });
const second = rotatedRing(DOMAIN, 2, 'a', 'b');
const SUBJECT = `signer.scope.${DOMAIN}.*`;

/** Answers as rotation does: grants what is present, shows the rings of the rest. */
class FakeRotation {
  rings: RingView[] = [first];
  asked: RenewLease[] = [];
  askedOf: string[] = [];
  /** How far the database's clock is behind this process's. */
  offMs = 0;
  answer: () => Promise<void> = async () => undefined;

  readonly isThere = true;
  whenThere = async (act: () => void): Promise<void> => act();

  request = async (subject: string, request: RenewLease): Promise<RenewLeaseReply> => {
    this.asked.push(request);
    this.askedOf.push(subject);
    const present = this.rings;
    await this.answer();
    const granted = present.filter(({ scope, epoch }) => request.epochs[scope] === epoch);
    return {
      lease_ms: L,
      now: new Date(Date.now() - this.offMs).toISOString(),
      granted: granted.map(({ scope }) => scope),
      rings: present.filter((ring) => !granted.includes(ring)),
      removed: Object.keys(request.epochs).filter((scope) => !present.some((ring) => ring.scope === scope)),
      recovery_public_key: publicKeyOf('recovery'),
      verifier_cache_ms: 60_000,
    };
  };
}

let rotation: FakeRotation;
let joined: Set<string>;
let load: jest.Mock<Promise<unknown>, [RingView, unknown]>;
let taken: jest.Mock<void, [RingView]>;
let signer: LeaseHolder<unknown>;
let logger: Record<'info' | 'warn' | 'error', jest.Mock>;
let health: Health;
let keeper: LeaseKeeper;

beforeEach(() => {
  jest.useFakeTimers();
  rotation = new FakeRotation();
  joined = new Set();
  const server = {
    join: (subject: string) => joined.add(subject),
    leave: (subject: string) => joined.delete(subject),
  } as unknown as BusServer;
  load = jest.fn(async (ring: RingView, _held: unknown) => privateKeysOf(ring));
  taken = jest.fn();
  signer = {
    kind: 'signer',
    hears: {
      ofHolder: (holder) => `signer.at.${holder}.load-key`,
      ofScope: (scope) => `signer.scope.${scope}.*`,
      withRightClock: 'signer.any.*',
    },
    load,
    taken,
  };
  logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  health = new Health();
  const table = new LeaseTable();
  const clock = new DatabaseClock(health);
  const log = logger as unknown as Logger;
  const held = new HeldScopes(signer, table, clock, server, log);
  keeper = new LeaseKeeper(signer, table, clock, held, rotation as unknown as Bus, health, log);
});

afterEach(() => jest.useRealTimers());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const readyz = (): string => {
  let text = '';
  const response = { writeHead: () => undefined, end: (body: string) => (text = body) };
  health.answer(
    { url: '/readyz' } as IncomingMessage,
    response as unknown as ServerResponse<IncomingMessage> & { req: IncomingMessage },
  );
  return text;
};
const epochsAsked = () => rotation.asked.map(({ epochs }) => epochs[DOMAIN]);

test('boot: asks, loads, confirms at once, hears the scope; ready after the first answer', async () => {
  expect(health.reasons()).toEqual(['lease: rotation has not answered yet']);
  void keeper.onApplicationBootstrap();
  expect(joined).toEqual(new Set([`signer.at.${keeper.holderName}.load-key`]));
  await pass(0);
  expect(epochsAsked()).toEqual([undefined, 1]);
  expect(joined).toContain(SUBJECT);
  expect(health.reasons()).toEqual([]);
  expect(keeper.recoveryPublicKey).toBe(publicKeyOf('recovery'));
});

test('one that goes on without a lease holds nobody up once it has asked, and warns', async () => {
  Object.assign(signer, { goesOnWithout: true });
  rotation.answer = () => Promise.reject(problem('noAnswer'));
  void keeper.onApplicationBootstrap();
  expect(health.reasons()).toEqual(['lease: rotation has not answered yet']);
  await pass(0);
  expect(health.reasons()).toEqual([]);
  expect(readyz()).toBe('ok\nwarning: lease: rotation has not answered yet\n');
});

test('holders are unique and of the form that the contract names', () => {
  expect(keeper.holderName).toMatch(/^signer-[0-9a-f]{8}$/);
});

test('renews every third of L, in one request', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.asked = [];
  await pass(L - 1);
  expect(rotation.asked).toHaveLength(2);
  await pass(1);
  expect(rotation.asked).toHaveLength(3);
});

test('while rotation does not answer: every 500 ms, and not ready', async () => {
  rotation.answer = () => Promise.reject(problem('busUnavailable'));
  void keeper.onApplicationBootstrap();
  await pass(1_600);
  expect(rotation.asked).toHaveLength(4);
  expect(health.reasons()).toHaveLength(1);
  expect(logger.warn).toHaveBeenCalledTimes(1);
});

test('renewals that fail let the lease run out, and with it the queue group', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.answer = () => Promise.reject(problem('noAnswer'));
  await pass(L - 1);
  expect(joined).toContain(SUBJECT);
  await pass(2);
  expect(joined).not.toContain(SUBJECT);
  expect(logger.warn).toHaveBeenCalledWith({ scope: DOMAIN, epoch: 1 }, 'lease lost');
  rotation.answer = async () => undefined;
  await pass(500);
  expect(joined).toContain(SUBJECT);
});

test('events while a renewal is under way: one more follows, however many', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.asked = [];
  let open: () => void = () => undefined;
  rotation.answer = () => new Promise((resolve) => (open = resolve));
  keeper.renew();
  keeper.renew();
  keeper.renew();
  await pass(10);
  expect(rotation.asked).toHaveLength(1);
  rotation.answer = async () => undefined;
  open();
  await pass(0);
  expect(rotation.asked).toHaveLength(2);
});

test('a change: loads the new key, takes the ring, confirms its epoch without leaving', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.asked = [];
  rotation.rings = [second];
  keeper.renew();
  await keeper.settled(100);
  expect(epochsAsked()).toEqual([1, 2]);
  expect(joined).toContain(SUBJECT);
  expect(logger.info).toHaveBeenCalledWith({ scope: DOMAIN, epoch: 2, kid: 'b' }, 'ring taken');
  // The holder is handed what it had loaded for the ring before, and told once the new one is worked by.
  const held: unknown = await load.mock.results[0]?.value;
  expect(load.mock.lastCall?.[0]).toEqual(second);
  expect(load.mock.lastCall?.[1]).toBe(held);
  expect(taken.mock.calls).toEqual([[first], [second]]);
});

test('a key that cannot be loaded: the epoch is never claimed, the log says it once a while, and it is tried again', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.asked = [];
  rotation.rings = [second];
  load.mockRejectedValue(new NotLoadable('b', 'unknown_key'));
  keeper.renew();
  await pass(L);
  expect(new Set(epochsAsked())).toEqual(new Set([1]));
  expect(joined).not.toContain(SUBJECT);
  expect(logger.error).toHaveBeenCalledTimes(1);
  expect(logger.error.mock.calls[0]).toMatchObject([
    { scope: DOMAIN, kid: 'b', epoch: 2, reason: 'unknown_key' },
    'ring not taken',
  ]);
  load.mockImplementation(async (ring) => privateKeysOf(ring));
  await pass(L / 3);
  expect(epochsAsked().at(-1)).toBe(2);
  expect(joined).toContain(SUBJECT);
});

test('a database that hangs on one ring costs the other scopes nothing', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.rings = [first, ringOf('platform', 1, { p: 'active' })];
  load.mockImplementation(() => new Promise(() => undefined));
  await pass(2 * L);
  expect(joined).toContain(SUBJECT);
  expect(load).toHaveBeenCalledTimes(2);
});

test('an epoch that goes back: logged as an error, and the scope is left', async () => {
  rotation.rings = [second];
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.rings = [first];
  keeper.renew();
  await pass(0);
  expect(joined).not.toContain(SUBJECT);
  expect(logger.error).toHaveBeenCalledWith(
    expect.objectContaining({ scope: DOMAIN, epoch: 1, seen_epoch: 2 }),
    'ring refused',
  );
  expect(load).toHaveBeenCalledTimes(1);
});

test('a ring that is removed: left at once, and claimed no more without waiting for the next third', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.rings = [];
  keeper.renew();
  await pass(0);
  expect(joined).not.toContain(SUBJECT);
  expect(epochsAsked().slice(-2)).toEqual([1, undefined]);
});

test('a reply without a lease is a failure, not a reason to ask without a pause', async () => {
  const broken = { granted: [], rings: [], removed: [] } as unknown as RenewLeaseReply;
  rotation.request = async (_, request) => (rotation.asked.push(request), broken);
  (keeper as unknown as { bus: unknown }).bus = rotation;
  void keeper.onApplicationBootstrap();
  await pass(1_000);
  expect(rotation.asked.length).toBeLessThanOrEqual(3);
});

test('waiting for a switch ends with its time, too', async () => {
  rotation.answer = () => new Promise(() => undefined);
  void keeper.onApplicationBootstrap();
  const settled = keeper.settled(250);
  await pass(250);
  await expect(settled).resolves.toBeUndefined();
});

describe('a clock that is wrong', () => {
  const OFF_MS = 400_000;

  beforeEach(async () => {
    void keeper.onApplicationBootstrap();
    await pass(0);
    rotation.asked = [];
  });

  test("P-3: beyond 30 s off the database's it gives everything back, leaves all groups, and goes on asking", async () => {
    expect(joined).toContain('signer.any.*');
    rotation.offMs = OFF_MS;
    await pass(L / 3);
    expect(joined).toEqual(new Set([`signer.at.${keeper.holderName}.load-key`]));
    expect(health.reasons()).toEqual(['clock: 400 s ahead of the clock of the database']);
    expect(logger.error).toHaveBeenCalledWith({ off_by_ms: OFF_MS }, 'clock is off, leases given back');
    await pass(L);
    expect(rotation.asked.at(-1)).toMatchObject({ epochs: {}, clock_off_ms: OFF_MS });
    expect(rotation.asked.length).toBeLessThanOrEqual(6);
    expect(logger.error).toHaveBeenCalledTimes(1);
  });

  test('P-3: right again, it serves by itself, and needs to load nothing', async () => {
    rotation.offMs = -OFF_MS;
    await pass(L / 3);
    expect(health.reasons()).toEqual(['clock: 400 s behind the clock of the database']);
    rotation.offMs = 30_000;
    await pass((2 * L) / 3);
    expect(joined).toContain(SUBJECT);
    expect(joined).toContain('signer.any.*');
    expect(health.reasons()).toEqual([]);
    expect(rotation.asked.at(-1)).not.toHaveProperty('clock_off_ms');
    expect(load).toHaveBeenCalledTimes(1);
  });

  test('P-3: 30 s off is near enough, one more millisecond is not', async () => {
    rotation.offMs = 30_000;
    await pass(L / 3);
    expect(joined).toContain(SUBJECT);
    rotation.offMs = 30_001;
    await pass(L / 3);
    expect(joined).not.toContain(SUBJECT);
  });
});

test('P-3: an answer that says no time is a failure', async () => {
  rotation.offMs = Number.NaN;
  void keeper.onApplicationBootstrap();
  await pass(1_000);
  expect(joined).not.toContain(SUBJECT);
  expect(logger.warn).toHaveBeenCalledWith(expect.anything(), 'leases not renewed');
});

describe('whose lease', () => {
  test('S8: each process draws a name and a secret, and says the secret to rotation alone', async () => {
    void keeper.onApplicationBootstrap();
    await pass(0);
    expect(rotation.askedOf[0]).toBe(`rotation.renew-lease.signer.${keeper.holderName}`);
    const [{ secret } = { secret: '' }] = rotation.asked;
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(rotation.asked.map((each) => each.secret)).size).toBe(1);
    expect(JSON.stringify([logger.info, logger.warn, logger.error].map(({ mock }) => mock.calls))).not.toContain(
      secret,
    );
  });

  test('S8: who is refused draws another name and secret, and hears for that name alone', async () => {
    void keeper.onApplicationBootstrap();
    await pass(0);
    const { holderName: before } = keeper;
    const [{ secret: secretBefore } = { secret: '' }] = rotation.asked;
    rotation.answer = () => Promise.reject(problem('leaseOfAnother'));
    await pass(L / 3);
    expect(keeper.holderName).not.toBe(before);
    // What it was granted under the other name is over, or ends with nobody renewing it.
    expect(joined).not.toContain(SUBJECT);
    expect(joined).toContain(`signer.at.${keeper.holderName}.load-key`);
    expect(joined).not.toContain(`signer.at.${before}.load-key`);
    rotation.answer = async () => undefined;
    await pass(500);
    expect(rotation.asked.at(-1)?.secret).not.toBe(secretBefore);
    expect(joined).toContain(SUBJECT);
  });

  test('S8: after an older ring than it has seen, the next renewal brings the proof, eight at a time and in turn', async () => {
    const scopes = Array.from({ length: 10 }, (_, i) => `issuer:i-${i}`);
    rotation.rings = scopes
      .map((scope) => rotatedRing(scope, 2, 'a', 'b'))
      .map((ring) => ({ ...ring, statement: ring.scope }));
    void keeper.onApplicationBootstrap();
    await pass(0);
    expect(rotation.asked.some(({ statements }) => statements !== undefined)).toBe(false);
    rotation.rings = scopes.map((scope) => ringOf(scope, 1, { a: 'active' }));
    await pass(L);
    const proofs = rotation.asked.flatMap(({ statements }) => (statements === undefined ? [] : [statements]));
    expect(proofs.every((each) => Object.keys(each).length === 8)).toBe(true);
    expect(Object.assign({}, ...proofs)).toEqual(Object.fromEntries(scopes.map((scope) => [scope, scope])));
    expect(logger.error).toHaveBeenCalledTimes(scopes.length);
  });
});

test('an orderly stop gives everything back and asks no more', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.asked = [];
  await keeper.onModuleDestroy();
  await pass(2 * L);
  expect(rotation.asked).toEqual([
    { secret: expect.any(String) as string, turn: expect.any(Number) as number, epochs: {}, release: true },
  ]);
});

test('a stop while rotation is silent ends', async () => {
  void keeper.onApplicationBootstrap();
  await pass(0);
  rotation.answer = () => Promise.reject(problem('noAnswer'));
  await keeper.onModuleDestroy();
  expect(logger.warn).toHaveBeenCalledWith(expect.anything(), 'leases not given back');
});
