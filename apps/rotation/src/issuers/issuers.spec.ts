// Issuers: their rings, standbys and tokens, by replicas on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { PLATFORM, subjects } from '@plexsphere/wire';
import { startChain, walkChain } from '@plexsphere/wire/jws';
import { Heart, CONFIG, identity, type Replica } from '../../testing/heart';
import { decide } from '../../testing/turned-clock';
import type { Asked } from '../operators/operator.guard';
import { existing, snapshotRing } from '../rings/read-ring';
import { StatusController } from '../status/status.controller';
import { issuerReply } from './issuer-reply';
import { listIssuers } from './list-issuers';

jest.setTimeout(120_000);

const WEB = 'issuer:web';
const URL = 'https://id.example.com';
/** Who may all. */
const ANY = { role: 'admin', scopes: null } as const;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const { clockSkewMs, leaseMs, longestTokenLifeMs } = CONFIG;

let heart: Heart;
let one: Replica;
let aheadMs = 0;
beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  one = await heart.replica();
  aheadMs = 0;
});
afterEach(async () => {
  await one.rotator.atRest();
  await heart.stop();
});

const pass = (ms: number): Promise<void> => heart.turnClock((aheadMs += ms));
const now = async (): Promise<number> => {
  const [row] = await heart.owner.query<[{ at: Date }]>('SELECT clock_timestamp() AS at');
  return row.at.getTime();
};
const create = (scope = WEB, url = URL, over = {}) =>
  one.createIssuer.create({ scope, url, algorithm: 'Ed25519', asDefault: false, ...over }, identity('issuer.create'));
const rotate = (over = {}) =>
  one.openRotation.open({ scope: WEB, newKeyId: undefined, reason: null, ...over }, identity('signing.rotate'));
const close = (oldKeyId: string, newKeyId: string | undefined, force = false) =>
  one.closeRotation.close({ scope: WEB, oldKeyId, newKeyId, force }, identity('signing.close'));
const revoke = (keyId: string, discardStaged = false) =>
  one.revokeKey.revoke(
    { scope: WEB, keyId, newKeyId: undefined, discardStaged, reason: 'stolen', statement: undefined },
    identity('signing.revoke'),
  );
const turn = async (...replicas: Replica[]): Promise<void> => {
  await Promise.all((replicas.length === 0 ? [one] : replicas).map(({ rotator }) => rotator.turn()));
  await Promise.all((replicas.length === 0 ? [one] : replicas).map(({ rotator }) => rotator.atRest()));
};
interface KeyRow {
  id: string;
  state: string;
  verifies: Date | null;
  tokens: Date | null;
  longest: number | null;
}
const keys = (scope = WEB): Promise<KeyRow[]> =>
  heart.owner.query(
    `SELECT key_id AS id, state, verifies_until AS verifies, tokens_until AS tokens, longest_token_ms::int AS longest
       FROM ring.signing_key WHERE scope = $1 ORDER BY created_at`,
    [scope],
  );
const states = async (): Promise<string> => (await keys()).map(({ state }) => state).join(' ');
const named = async (state: string): Promise<KeyRow> => {
  const found = (await keys()).find((key) => key.state === state);
  if (found === undefined) throw new Error(`no key is ${state}`);
  return found;
};
const epochOf = async (): Promise<number> => {
  const [row] = await heart.owner.query<[{ epoch: number }]>(
    'SELECT epoch::int AS epoch FROM ring.key_ring WHERE scope = $1',
    [WEB],
  );
  return row.epoch;
};
const refusal = async (work: Promise<unknown>) => {
  const [end] = await Promise.allSettled([work]);
  return end.status === 'fulfilled' ? 'done' : (end.reason as { body: object }).body;
};

/** What whoever takes over is told of the ring. */
const status = async () => {
  const asked = { operator: ANY, visibleScopes: () => [WEB] } as unknown as Asked;
  const { scopes } = await new StatusController(heart.asRotation, CONFIG).status({ scope: WEB }, asked);
  return scopes[0]!;
};
const shown = async () => {
  const [row] = await listIssuers(heart.asRotation.manager, [WEB]);
  const stored = await existing(snapshotRing(heart.asRotation, WEB));
  return issuerReply(row!, stored, CONFIG, new Date(await now()));
};
/** As both of them have it: for how long from now on verifiers may not know the key that signs. */
const unknownForMs = async (): Promise<number | null> => {
  const [{ known_by: known }, { known_by: same }] = [await status(), await shown()];
  expect(same).toBe(known);
  return known === null ? null : Date.parse(known) - (await now());
};

/** With a standby that has propagated. */
const born = async (): Promise<void> => {
  await create();
  await turn();
  await pass(16 * MINUTE_MS);
};

describe('an issuer is made', () => {
  it('with a key that signs tokens under the ceiling of its policy, and a standby right after', async () => {
    expect(await create()).toMatchObject({ scope: WEB, url: URL, default: true, algorithm: 'Ed25519', epoch: 1 });
    expect(await states()).toBe('active');
    await turn();
    expect(await states()).toBe('active staged');
    expect((await keys()).map(({ longest }) => longest)).toEqual([longestTokenLifeMs, null]);
    // Nobody kept a key set of an issuer that was not there.
    expect(await unknownForMs()).toBeNull();
    expect((await status()).algorithms).toEqual(['ES256', 'Ed25519', 'RS256', 'PS256']);
    await turn();
    expect(await states()).toBe('active staged');
  });

  it('of the algorithm that was asked for, from its birth on', async () => {
    await create();
    expect(heart.signers.asked[0]?.body).toMatchObject({ type: 'create', scope: WEB, algorithm: 'Ed25519' });
    await turn();
    const staged = heart.signers.asked.filter(({ verb }) => verb === 'generate-key');
    expect(staged.map(({ body }) => [body['type'], body['algorithm']])).toEqual([
      ['create', 'Ed25519'],
      ['stage', 'Ed25519'],
    ]);
  });

  it('once: a copy of the request is answered as the first one was', async () => {
    const again = identity('issuer.create');
    const asked = { scope: WEB, url: URL, algorithm: 'Ed25519', asDefault: false } as const;
    const first = await one.createIssuer.create(asked, again);
    expect(await one.createIssuer.create(asked, again)).toEqual(first);
  });

  it('and others beside it, one of them the default one', async () => {
    await create('issuer:a', 'https://id.example.com/issuers/a');
    expect(await create('issuer:b', 'https://id.example.com/issuers/b')).toMatchObject({ default: false });
    const inItsPlace = { default: true, default_before: 'issuer:a' };
    expect(await create('issuer:c', URL, { asDefault: true })).toMatchObject(inItsPlace);
    const rows = await heart.owner.query<{ scope: string }[]>('SELECT scope FROM ring.issuer WHERE is_default');
    expect(rows).toEqual([{ scope: 'issuer:c' }]);
  });

  it.each([
    ['another path', 'issuer:b', `${URL}/auth`, {}, { code: 'INVALID_ARGUMENT', field: 'url' }],
    ['the path of another', 'issuer:b', `${URL}/issuers/a`, {}, { code: 'INVALID_ARGUMENT', field: 'url' }],
    ['a second at the root', 'issuer:b', 'https://other.example.com', {}, { code: 'INVALID_ARGUMENT', field: 'url' }],
    ['a url that another has', 'issuer:b', URL, {}, { code: 'ALREADY_EXISTS', field: 'url' }],
    [
      'the place of the one at the root',
      'issuer:b',
      `${URL}/issuers/b`,
      { asDefault: true },
      { code: 'ALREADY_EXISTS', scope: WEB },
    ],
    ['a slug that another has', WEB, `${URL}/issuers/web`, {}, { code: 'ALREADY_EXISTS', field: 'scope' }],
    ['no algorithm of such keys', 'issuer:b', `${URL}/issuers/b`, { algorithm: 'X' }, { field: 'algorithm' }],
  ])('but not with %s', async (_, scope, url, over, body) => {
    await create();
    const before = await heart.rows();
    expect(await refusal(create(scope, url, over))).toMatchObject(body);
    expect(await heart.rows()).toEqual(before);
  });

  it('by two who come first at once: one of them is the default one', async () => {
    const two = await heart.replica();
    let asked = 0;
    heart.signers.meanwhile = async (verb) => {
      if (verb !== 'generate-key') return;
      asked += 1;
      await eventually(async () => asked >= 2);
    };
    const made = await Promise.all([
      create('issuer:a', `${URL}/issuers/a`),
      two.createIssuer.create(
        { scope: 'issuer:b', url: `${URL}/issuers/b`, algorithm: 'Ed25519', asDefault: false },
        identity('issuer.create'),
      ),
    ]);
    expect(made.map((each) => each.default).sort()).toEqual([false, true]);
  });
});

describe('a rotation to the standby', () => {
  it('needs no name, keeps a standby for the next one while it is open, and is refused while another is', async () => {
    await born();
    const standby = await named('staged');
    expect(await rotate()).toMatchObject({ new_key_id: standby.id });
    await turn();
    expect(await states()).toBe('retiring active staged');
    expect(await refusal(rotate())).toMatchObject({ detail: 'signing: rotation in progress' });
  });

  it('is refused by another name, and too soon', async () => {
    await create();
    expect(await refusal(rotate())).toMatchObject({ detail: 'signing: key not staged' });
    await turn();
    const { id } = await named('staged');
    expect(await refusal(rotate({ newKeyId: 'other' }))).toMatchObject({
      detail: 'signing: another key is staged',
      key_id: id,
    });
    const tooSoon = await refusal(rotate());
    expect(tooSoon).toMatchObject({ detail: 'signing: not propagated yet', key_id: id });
    const { seconds_left: left } = tooSoon as { seconds_left: number };
    expect([left > 14 * 60, left <= 15 * 60]).toEqual([true, true]);
    expect(await rotate({ force: true })).toMatchObject({ new_key_id: id });
  });

  it('is prepared by whoever asks for a standby: the one that is there is answered, and stays the answer', async () => {
    await create();
    const stage = (as: ReturnType<typeof identity>) =>
      one.stageKey.stage(
        { scope: WEB, newKeyId: undefined, rotateWithinMs: undefined, reason: null, unlessStaged: true },
        as,
      );
    const [first, again] = [identity('signing.stage'), identity('signing.stage')];
    const made = await stage(first);
    expect(made).toMatchObject({ staged_key_id: expect.stringMatching(/^web-/), epoch: 2 });
    expect(made).not.toHaveProperty('already_staged');
    // As long as a standby stands: for two years.
    expect(Date.parse(made.rotate_by) - Date.parse(made.staged_at)).toBe(2 * 366 * 24 * HOUR_MS);
    const found = await stage(again);
    expect(found).toMatchObject({ staged_key_id: made.staged_key_id, already_staged: true, epoch: 2 });
    expect(await epochOf()).toBe(2);

    await rotate({ force: true });
    // A reply that was lost is asked for again, by the same request: it is what it was.
    expect(await stage(first)).toMatchObject({ staged_key_id: made.staged_key_id, epoch: 2 });
    expect(await stage(again)).toMatchObject({ staged_key_id: made.staged_key_id, already_staged: true, epoch: 2 });
    expect(await states()).toBe('retiring active');
    expect(await stage(identity('signing.stage'))).not.toHaveProperty('already_staged');
  });

  it('by force to a key that is new is two changes: staged, confirmed by everybody, active', async () => {
    await create();
    const meanwhile: string[] = [];
    heart.signers.meanwhile = async (verb) => {
      if (verb === 'make-statement') meanwhile.push(`${await states()} switched ${await isSwitched()}`);
    };
    expect(await rotate({ newKeyId: 'fresh', force: true })).toMatchObject({ new_key_id: 'fresh', epoch: 3 });
    expect(meanwhile).toEqual(['active staged switched true']);
    expect(await states()).toBe('retiring active');
  });

  it('waits for whoever has not confirmed the staged key, also where a crash left it', async () => {
    await create();
    const dead = await heart.replica({ dies: true });
    void dead.stageKey
      .stage({ scope: WEB, newKeyId: 'left', rotateWithinMs: HOUR_MS, reason: null }, identity('signing.stage'))
      .catch(() => undefined);
    await eventually(async () => (await states()) === 'active staged');
    expect(await isSwitched()).toBe(false);
    expect(await rotate({ force: true })).toMatchObject({ new_key_id: 'left' });
    expect(await isSwitched()).toBe(true);
  });

  it('counts its propagation from when everybody serves it: a gateway that does not confirm puts it off', async () => {
    await create();
    await gateway('gateway-1');
    heart.signers.paused.add('gateway-1');
    const staged = one.stageKey.stage(
      { scope: WEB, newKeyId: 'next', rotateWithinMs: HOUR_MS, reason: null },
      identity('signing.stage'),
    );
    await eventually(async () => (await states()) === 'active staged');
    await pass(16 * MINUTE_MS);
    // Whoever asks the gateway is still told that there is no such key.
    const [byForce, inTime] = [rotate({ force: true }), refusal(rotate())];
    expect(await publishedAt()).toBeNull();
    expect(await states()).toBe('active staged');
    heart.signers.paused.clear();
    heart.signers.bus.publish(subjects.ringChanged, { scope: WEB, epoch: 2 });
    expect(await inTime).toMatchObject({ detail: expect.stringMatching(/not propagated yet|rotation in progress/) });
    expect(await byForce).toMatchObject({ new_key_id: 'next' });
    const since = (await publishedAt())!.getTime();
    expect(Date.parse((await staged).propagated_at)).toBe(since + 15 * MINUTE_MS);
    expect(since).toBeGreaterThan(Date.parse((await staged).staged_at) + 16 * MINUTE_MS);
  });

  it('takes the standby that came meanwhile, where none is named', async () => {
    await create();
    let times = 0;
    heart.signers.meanwhile = async (verb) => {
      if (verb === 'generate-key' && (times += 1) === 1) await turn();
    };
    const rotated = await rotate({ force: true });
    expect([await states(), rotated.epoch]).toEqual(['retiring active', 3]);
  });

  it('goes on from the standby that a crash left, by the same request', async () => {
    await create();
    const again = identity('signing.rotate');
    const opening = { scope: WEB, newKeyId: 'fresh', reason: null, force: true };
    let asked = 0;
    heart.signers.meanwhile = async (verb) => {
      if (verb === 'make-statement' && (asked += 1) <= 3) throw new Error('the replica dies here');
    };
    await expect(one.openRotation.open(opening, again)).rejects.toThrow('dies here');
    expect(await states()).toBe('active staged');
    heart.signers.meanwhile = async () => undefined;
    const opened = await one.openRotation.open(opening, again);
    expect(opened).toMatchObject({ new_key_id: 'fresh', epoch: 3 });
    expect(await one.openRotation.open(opening, again)).toMatchObject({ epoch: 3, opened_at: opened.opened_at });
    expect(await states()).toBe('retiring active');
  });
});

/** One more that serves the ring, as it is now. */
const gateway = async (holder: string): Promise<unknown> =>
  heart.owner.query(
    `INSERT INTO ring.lease (holder, kind, turn, lease_ms, epochs, renewed_at, secret_hash)
     VALUES ($1, 'gateway', 1, $2, $3, clock_timestamp(), sha256(''))`,
    [holder, CONFIG.leaseMs, { [WEB]: await epochOf() }],
  );
const publishedAt = async (): Promise<Date | null> => {
  const [row] = await heart.owner.query<[{ at: Date | null }]>(
    `SELECT published_at AS at FROM ring.signing_key WHERE scope = $1 AND staged_at IS NOT NULL`,
    [WEB],
  );
  return row.at;
};

const isSwitched = async (): Promise<boolean> => {
  const rows = await heart.owner.query<unknown[]>(
    'SELECT FROM ring.ring_change WHERE scope = $1 AND switched_at IS NULL',
    [WEB],
  );
  return rows.length === 0;
};

describe('what signers wrote down of tokens', () => {
  it('is kept with the switch, and holds up a close until the last one is over by every clock', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    const ends = new Date((await now()) + 30 * MINUTE_MS);
    heart.signers.horizons.set(a.id, ends);
    await rotate();
    expect((await named('retiring')).tokens).toEqual(ends);
    const refused = await refusal(close(a.id, b.id));
    expect(refused).toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', detail: 'signing: signatures outstanding', key_id: a.id },
      outstanding_until: new Date(ends.getTime() + clockSkewMs).toISOString(),
    });
    // To the very time: a hint that came a moment sooner would send people into the refusal.
    expect((await status()).transition).toMatchObject({
      outstanding_until: (refused as { outstanding_until: string }).outstanding_until,
    });
    const { seconds_left: left } = refused as { seconds_left: number };
    expect(left).toBeGreaterThan(29 * 60);
    await pass(30 * MINUTE_MS + clockSkewMs);
    expect(await close(a.id, b.id)).toMatchObject({ old_key_id: a.id });
    expect((await keys()).find(({ id }) => id === a.id)?.state).toBe('retired');
  });

  it('is the same of the key that is named alone, and of no other', async () => {
    await born();
    const a = await named('active');
    await rotate();
    const b = await named('active');
    await pass(2 * HOUR_MS);
    expect(await refusal(close(b.id, undefined))).toMatchObject({ detail: 'signing: transition mismatch' });
    expect(await close(a.id, undefined)).toMatchObject({ old_key_id: a.id, new_key_id: b.id });
    expect(await refusal(close(a.id, undefined))).toMatchObject({ detail: 'signing: no open rotation' });
  });

  it('yields to force, which the audit log and the reply keep', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    const ends = new Date((await now()) + 30 * MINUTE_MS);
    heart.signers.horizons.set(a.id, ends);
    await rotate();
    const outstanding_until = new Date(ends.getTime() + clockSkewMs).toISOString();
    expect(await close(a.id, b.id, true)).toMatchObject({ outstanding_until });
    const [audited] = await heart.owner.query<[{ detail: object }]>(
      `SELECT detail FROM ring.audit WHERE action = 'signing.close'`,
    );
    expect(audited.detail).toMatchObject({ forced: true, outstanding_until });
  });

  it('is the time of the switch where nothing was signed: then a close waits for no more than the skew', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    await rotate();
    const [{ at }] = await heart.owner.query<[{ at: Date }]>(
      'SELECT max(switched_at) AS at FROM ring.ring_change WHERE scope = $1',
      [WEB],
    );
    expect((await named('retiring')).tokens).toEqual(at);
    await pass(clockSkewMs);
    expect(await close(a.id, b.id)).toMatchObject({ old_key_id: a.id });
  });

  it('is the longest life that there was where no signer answers, ever since the key first signed', async () => {
    await born();
    const a = await named('active');
    await set({ longestTokenLifeMs: 3 * HOUR_MS });
    await set({ longestTokenLifeMs: 10 * MINUTE_MS });
    heart.signers.horizons.set(a.id, 'unknown');
    await rotate();
    const { tokens, longest } = await named('retiring');
    expect(longest).toBe(3 * HOUR_MS);
    expect(tokens!.getTime() - (await now())).toBeGreaterThan(3 * HOUR_MS - MINUTE_MS);
  });

  it('is asked for before a close decides, where a replica died between the commit and its switch', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    heart.signers.horizons.set(a.id, new Date((await now()) + 30 * MINUTE_MS));
    const dead = await heart.replica({ dies: true });
    void dead.openRotation
      .open({ scope: WEB, newKeyId: undefined, reason: null }, identity('signing.rotate'))
      .catch(() => undefined);
    await eventually(async () => (await states()) === 'retiring active');
    expect((await named('retiring')).tokens).toBeNull();
    expect(await refusal(close(a.id, b.id))).toMatchObject({ detail: 'signing: signatures outstanding' });
    expect((await named('retiring')).tokens).not.toBeNull();
  });

  it('is forgotten of a key that signs again; the one that was rolled back goes when its tokens are over', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    heart.signers.horizons.set(a.id, new Date((await now()) + 30 * MINUTE_MS));
    await rotate();
    const ends = new Date((await now()) + 20 * MINUTE_MS);
    heart.signers.horizons.set(b.id, ends);
    const back = { scope: WEB, oldKeyId: undefined, newKeyId: undefined, reason: null, statement: undefined };
    await one.rollbackRotation.rollback(back, identity('signing.rollback'));
    expect(await named('active')).toMatchObject({ id: a.id, tokens: null });
    expect(await named('retiring')).toMatchObject({
      id: b.id,
      tokens: ends,
      verifies: new Date(ends.getTime() + clockSkewMs),
    });
    // It settles, and yet the next one may be rotated to.
    await turn();
    await pass(16 * MINUTE_MS);
    await rotate();
    expect(await states()).toBe('retiring retiring active');
    await pass(5 * MINUTE_MS);
    one.resume.onApplicationBootstrap();
    await eventually(async () => (await states()) === 'retiring retired active', { timeoutMs: 30_000 });
    await one.resume.onModuleDestroy();
    expect((await keys()).find(({ id }) => id === b.id)?.state).toBe('retired');
  });
});

const set = (
  { longestTokenLifeMs: lifeMs }: { longestTokenLifeMs: number },
  overlapMs = 48 * HOUR_MS,
): Promise<unknown> =>
  one.policies.set(
    { scope: WEB, longest_token_seconds: lifeMs / SECOND_MS, overlap_window_seconds: overlapMs / SECOND_MS },
    identity('policy.set'),
    null,
  );

describe('how long a token may live', () => {
  it('is what a plan reckons with of when a close is safe: the longest that was in force while the key signed', async () => {
    await born();
    await set({ longestTokenLifeMs: 20 * HOUR_MS });
    await set({ longestTokenLifeMs: 10 * MINUTE_MS });
    await rotate();
    expect((await status()).transition?.closes_itself_at).toBeNull();
    const plan = await one.rotationPlans.ofClosing(WEB, {}, ANY);
    const [{ at }] = await heart.owner.query<[{ at: Date }]>(
      'SELECT max(switched_at) AS at FROM ring.ring_change WHERE scope = $1',
      [WEB],
    );
    const { verifierCacheMs, relayLagMs } = CONFIG;
    expect(Date.parse(plan.safe_close_at ?? '') - at.getTime()).toBe(
      20 * HOUR_MS + verifierCacheMs + relayLagMs + clockSkewMs,
    );
  });

  it('is a change of the ring, which travels with it and stays with the key as the greatest there was', async () => {
    await born();
    const before = await epochOf();
    await set({ longestTokenLifeMs: 2 * HOUR_MS });
    expect(await epochOf()).toBe(before + 1);
    expect((await named('active')).longest).toBe(2 * HOUR_MS);
    await set({ longestTokenLifeMs: 5 * MINUTE_MS });
    expect((await named('active')).longest).toBe(2 * HOUR_MS);
    const [{ told }] = await heart.owner.query<[{ told: number }]>(
      'SELECT longest_token_ms::int AS told FROM ring.issuer WHERE scope = $1',
      [WEB],
    );
    expect(told).toBe(5 * MINUTE_MS);
  });

  it('is refused beyond what the overlap window has room for, and where keys sign no tokens', async () => {
    await create();
    expect(await refusal(set({ longestTokenLifeMs: 24 * HOUR_MS }, 24 * HOUR_MS))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'overlap_window_seconds',
    });
    // By what is given: the window stands as it stood.
    const longer = { scope: WEB, longest_token_seconds: (48 * HOUR_MS) / SECOND_MS };
    const refused = { field: 'longest_token_seconds', reason: expect.stringMatching(/^the overlap window of/) };
    expect(await refusal(one.policies.set(longer, identity('policy.set'), null))).toMatchObject(refused);
    expect(await one.policies.plan(longer, { role: 'operator' })).toMatchObject({ refused });
    const ofDomains = one.policies.set({ kind: 'domain', longest_token_seconds: 60 }, identity('policy.set'), null);
    expect(await refusal(ofDomains)).toMatchObject({ field: 'longest_token_seconds' });
  });
});

describe('a revoke never waits', () => {
  it('takes a standby that is published, and says how long verifiers may not know it', async () => {
    await create();
    await turn();
    const [a, b] = [await named('active'), await named('staged')];
    const reply = await revoke(a.id);
    expect(reply).toMatchObject({ active_key_id: b.id, gone: [a.id] });
    expect(Date.parse(reply.known_by ?? '') - (await now())).toBeGreaterThan(14 * MINUTE_MS);
    expect((await status()).known_by).toBe(reply.known_by);
    await turn();
    expect(await states()).toBe('revoked active staged');
    expect((await status()).known_by).toBe(reply.known_by);
    await pass(14 * MINUTE_MS);
    expect(await unknownForMs()).toBeGreaterThan(0);
    await pass(15 * MINUTE_MS);
    expect(await unknownForMs()).toBeNull();
  });

  it('takes one that has propagated, which everybody knows', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    expect(await revoke(a.id)).toMatchObject({ active_key_id: b.id, known_by: null });
    expect(await unknownForMs()).toBeNull();
  });

  it('takes one that nobody has confirmed, which is published by that switch: status goes on saying since when', async () => {
    await create();
    const dead = await heart.replica({ dies: true });
    void dead.stageKey
      .stage({ scope: WEB, newKeyId: 'b', rotateWithinMs: HOUR_MS, reason: null }, identity('signing.stage'))
      .catch(() => undefined);
    await eventually(async () => (await states()) === 'active staged');
    await pass(16 * MINUTE_MS);
    const reply = await revoke((await named('active')).id);
    expect(reply.active_key_id).toBe('b');
    const [{ at }] = await heart.owner.query<[{ at: Date }]>(
      `SELECT published_at AS at FROM ring.signing_key WHERE key_id = 'b'`,
    );
    const fromReplyMs = Date.parse((await status()).known_by ?? '') - Date.parse(reply.known_by ?? '');
    expect(fromReplyMs).toBeGreaterThanOrEqual(0);
    expect(Date.parse((await status()).known_by ?? '')).toBe(at.getTime() + CONFIG.verifierCacheMs);
  });

  it.each([
    ['there is none', false],
    ['it is suspect', true],
  ])('makes a new key that signs at once where %s', async (_, discardStaged) => {
    await create();
    if (discardStaged) await turn();
    const a = await named('active');
    const reply = await revoke(a.id, discardStaged);
    expect(reply.gone).toHaveLength(discardStaged ? 2 : 1);
    expect(await named('active')).toMatchObject({ id: reply.active_key_id, longest: longestTokenLifeMs });
    expect(Date.parse(reply.known_by ?? '') - (await now())).toBeGreaterThan(14 * MINUTE_MS);
    // From when it was written down on, which is right after it was decided.
    const saidLater = Date.parse((await status()).known_by ?? '') - Date.parse(reply.known_by ?? '');
    expect(saidLater).toBeGreaterThanOrEqual(0);
    expect(saidLater).toBeLessThan(MINUTE_MS);
    expect(await unknownForMs()).toBeGreaterThan(0);
    await pass(16 * MINUTE_MS);
    expect(await unknownForMs()).toBeNull();
  });

  it('leaves tokens alone that other keys have signed, and puts those keys away when they are over', async () => {
    await born();
    const [a, b] = [await named('active'), await named('staged')];
    const ends = new Date((await now()) + 30 * MINUTE_MS);
    heart.signers.horizons.set(a.id, ends);
    await rotate();
    await turn();
    expect(await revoke(b.id)).toMatchObject({ ended_rotation: { outcome: 'revoked' }, gone: [b.id] });
    expect(await named('retiring')).toMatchObject({ id: a.id, verifies: new Date(ends.getTime() + clockSkewMs) });
    expect(await refusal(close(a.id, b.id))).toMatchObject({ detail: 'signing: no open rotation' });
    await turn();
    await pass(31 * MINUTE_MS);
    one.resume.onApplicationBootstrap();
    await eventually(async () => !(await states()).includes('retiring'), { timeoutMs: 30_000 });
    await one.resume.onModuleDestroy();
    expect(await states()).toBe('retired revoked active staged');
  });
});

it('its statements can be followed from the first one on, whatever became of its keys', async () => {
  await born();
  await rotate();
  await turn();
  const [b, c] = [await named('active'), await named('staged')];
  const back = { scope: WEB, oldKeyId: undefined, newKeyId: undefined, reason: null, statement: undefined };
  await one.rollbackRotation.rollback(back, identity('signing.rollback'));
  await rotate({ force: true });
  expect(await named('active')).toMatchObject({ id: c.id });
  await turn();
  await revoke(b.id);
  await rotateAfterClose(c.id);
  await revoke((await named('active')).id);
  const rows = await heart.owner.query<{ statement: string }[]>(
    'SELECT statement FROM ring.ring_change WHERE scope = $1 AND statement IS NOT NULL ORDER BY epoch',
    [WEB],
  );
  const [first, ...others] = rows.map(({ statement }) => statement);
  const { keyId, privateKey } = heart.signers.statements.key(PLATFORM, 'p1');
  const superior = { keyId, publicKey: privateKey.publicKey! };
  const anchor = walkChain(WEB, others, startChain(first ?? '', superior), () => superior);
  expect(others.length).toBeGreaterThan(7);
  expect(anchor.activeKeyId).toBe((await named('active')).id);
});

/** The one that is open, by force; then to the standby. */
async function rotateAfterClose(activeKeyId: string): Promise<void> {
  await close((await keys()).find(({ state }) => state === 'retiring')?.id ?? '', activeKeyId, true);
  await rotate({ force: true });
  await turn();
}

describe('by itself', () => {
  it('a ring rotates to its standby on its cadence, and closes when the window and the last token are over', async () => {
    await born();
    await decide(heart, WEB, {
      ...{ rotateEvery: { everyMs: 7 * 24 * HOUR_MS }, close: 'automatic', algorithm: 'Ed25519' },
      ...{ overlapWindowMs: 2 * HOUR_MS },
    });
    const [a, b] = [await named('active'), await named('staged')];
    const two = await heart.replica();
    await turn(one, two);
    expect(await states()).toBe('active staged');
    await pass(7.5 * 24 * HOUR_MS);
    const ends = new Date((await now()) + 3 * HOUR_MS);
    heart.signers.horizons.set(a.id, ends);
    await turn(one, two);
    expect(await named('active')).toMatchObject({ id: b.id });
    await turn(one, two);
    expect(await states()).toBe('retiring active staged');
    expect((await status()).transition?.closes_itself_at).toBe(new Date(ends.getTime() + clockSkewMs).toISOString());
    await pass(2 * HOUR_MS + MINUTE_MS);
    await turn(one, two);
    expect(await states()).toBe('retiring active staged');
    await pass(HOUR_MS);
    await turn(one, two);
    await turn(one, two);
    expect(await states()).toBe('retired active staged');
  });

  it('a standby of another algorithm than is decided is replaced, and one that is taken back comes again', async () => {
    await born();
    const b = await named('staged');
    await decide(heart, WEB, { algorithm: 'PS256' });
    // Whoever moves to another algorithm does not want one more key of the old one, however long it is published.
    for (const force of [false, true]) {
      expect(await refusal(rotate({ force }))).toMatchObject({ detail: 'signing: not propagated yet', key_id: b.id });
      expect(await one.rotationPlans.ofRotation({ scope: WEB, newKeyId: undefined, force }, ANY)).toMatchObject({
        blocked_by: expect.arrayContaining(['signing: not propagated yet']),
      });
    }
    await turn();
    expect((await keys()).find(({ id }) => id === b.id)?.state).toBe('retired');
    await decide(heart, WEB, { algorithm: 'Ed25519' });
    await turn();
    await turn();
    expect((await named('staged')).id).not.toBe(b.id);
  });

  it('of two replicas one stages it', async () => {
    await create();
    const two = await heart.replica();
    await turn(one, two);
    expect(await states()).toBe('active staged');
    expect(await epochOf()).toBe(2);
  });
});

it('verifies for as long as a token may live that was signed late, where that is longer than the window', async () => {
  await born();
  await set({ longestTokenLifeMs: 20 * HOUR_MS });
  await decide(heart, WEB, { overlapWindowMs: HOUR_MS, longestTokenLifeMs: 20 * HOUR_MS, algorithm: 'Ed25519' });
  heart.signers.horizons.set((await named('active')).id, 'unknown');
  const at = await now();
  await rotate();
  const { tokens, verifies } = await named('retiring');
  expect(tokens!.getTime()).toBeGreaterThanOrEqual(at + 20 * HOUR_MS);
  expect(verifies).toEqual(new Date(tokens!.getTime() + clockSkewMs));
  expect(verifies!.getTime()).toBeLessThanOrEqual((await now()) + leaseMs + 20 * HOUR_MS + clockSkewMs);
});
