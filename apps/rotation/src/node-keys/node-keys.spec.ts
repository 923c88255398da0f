// A Node's own key: enrolled, changed, confirmed, renewed, ended; on a real PostgreSQL under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { MESH_DOMAIN, hashOf } from '../../testing/enrolment-world';
import { MOST_ENDED_KEYS, MOST_OF_ONE_NODE } from './require-room';
import { EdgeNode, NodeKeyWorld, newKey, sha256 } from '../../testing/node-key-world';

jest.setTimeout(60_000);

let world: NodeKeyWorld;
beforeEach(async () => {
  world = await NodeKeyWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }));
});
afterEach(() => world.end());

const detail = (text: string, body: object = {}) => ({ detail: `signing: ${text}`, body });
const secondsFromNow = (time: string): number => (Date.parse(time) - Date.now()) / 1_000;

describe('enrolling', () => {
  test('a Node comes in by a token and a key of its own: it is told of what comes, and has a token that ends', async () => {
    const key = newKey();
    const reply = await world.enroll(await world.enrolment.token(), key, { name: 'web east' });
    expect(reply).toMatchObject({ scope: MESH_DOMAIN, name: 'web-east', generation: 1, public_key: key.keyId });
    expect(JSON.parse(reply.bundle)).toMatchObject({ verb: 'sign-bundle', scope: MESH_DOMAIN, epoch: 2 });
    expect(secondsFromNow(reply.token_expires_at) / 86_400).toBeCloseTo(7, 2);
    const days = secondsFromNow(reply.rotate_after) / 86_400;
    expect(days).toBeGreaterThan(80.9);
    expect(days).toBeLessThan(99.1);
    const [issued] = world.issued;
    expect(issued).toMatchObject({ kind: 'node', id: reply.node_id, public_key: key.keyId, has_node_key: true });
    expect(issued!.expires_at! - issued!.issued_at!).toBe(7 * 86_400);
    expect(await world.rows('SELECT listens, told_epoch::int AS told FROM outbox.node_stream')).toEqual([
      { listens: 'bus', told: 2 },
    ]);
    expect(await world.rows(`SELECT actor, action FROM ring.audit WHERE action LIKE 'edge.%'`)).toEqual([
      { actor: reply.node_id, action: 'edge.enroll' },
    ]);
  });

  test('the same token and key get the same answer for ten minutes, by whatever proof; another key gets none', async () => {
    const [token, key] = [await world.enrolment.token(), newKey()];
    const first = await world.enroll(token, key);
    const again = await world.enroll(token, key, { exp: Math.floor(Date.now() / 1_000) + 50 });
    expect({ ...again, now: '' }).toEqual({ ...first, now: '' });
    await expect(world.enroll(token, newKey())).rejects.toMatchObject(
      detail('enrolment token over', { reason: 'used' }),
    );
    await world.rows(`UPDATE ring.enrol_token SET used_at = used_at - interval '11 minutes'`);
    const late = world.enroll(token, key, { exp: Math.floor(Date.now() / 1_000) + 40 });
    await expect(late).rejects.toMatchObject(detail('enrolment token over', { reason: 'used' }));
    expect(await world.rows('SELECT FROM ring.node')).toHaveLength(1);
  });

  test('of two keys that come with one token at once, one is a Node', async () => {
    const token = await world.enrolment.token();
    const came = await Promise.allSettled([world.enroll(token, newKey()), world.enroll(token, newKey())]);
    expect(came.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await world.rows('SELECT FROM ring.node')).toHaveLength(1);
  });

  test('a name that is taken gets an addition', async () => {
    const [one, other] = [await world.node('web'), await world.node('web')];
    const names = await world.rows<{ name: string }>('SELECT name FROM ring.node ORDER BY length(name)');
    expect(names).toEqual([{ name: 'web' }, { name: `web-${other.id.slice(0, 8)}` }]);
    expect(one.id).not.toBe(other.id);
  });

  test('a key that anybody ever had is none for a Node', async () => {
    const node = await world.node();
    const taken = world.enroll(await world.enrolment.token(), node.key);
    await expect(taken).rejects.toMatchObject(detail('node key in use', { field: 'proof' }));
    expect(await world.rows('SELECT FROM ring.enrol_token WHERE used_at IS NULL')).toHaveLength(1);
  });

  test('a proof for another token, a stale one, one for another Node, and a token that there is not', async () => {
    const [token, key] = [await world.enrolment.token(), newKey()];
    const other = hashOf('other');
    await expect(world.enroll(token, key, { aud: other })).rejects.toMatchObject(detail('wrong audience'));
    const stale = world.enroll(token, key, { exp: Math.floor(Date.now() / 1_000) - 1 });
    await expect(stale).rejects.toMatchObject(detail('proof stale', { now: expect.any(String) }));
    const elsewhere = world.enroll(token, key, {}, randomUUID());
    await expect(elsewhere).rejects.toMatchObject(detail('proof invalid'));
    await expect(world.enroll('none', key)).rejects.toMatchObject(detail('not authenticated'));
    expect(world.issued).toEqual([]);
  });
});

describe('changing the key', () => {
  test('the new key is the Node’s at once, the old one goes for a minute, and its end is known', async () => {
    const node = await world.node();
    const [old, iat] = [node.key, world.issued[0]!.issued_at!];
    const reply = await node.change();
    expect(reply).toMatchObject({ node_id: node.id, generation: 2, public_key: node.key.keyId });
    expect(await world.states(node.id)).toEqual(['1 retiring', '2 active']);
    expect(await world.rows('SELECT bus_public_key AS key FROM ring.node')).toEqual([{ key: node.key.keyId }]);
    expect(await world.revoked(old.keyId)).toEqual([
      { kind: 'node_key', urgent: false, at: iat, expiresAt: new Date((iat + 7 * 86_400) * 1_000), dueIn: 60 },
    ]);
    expect(await node.ask({}, old)).toMatchObject({ generation: 2, public_key: node.key.keyId });
    expect(await world.rows(`SELECT before, after FROM ring.audit WHERE action = 'edge.change-key'`)).toMatchObject([
      { before: { generation: 1, public_key: old.keyId }, after: { generation: 2, public_key: node.key.keyId } },
    ]);
  });

  test('confirmed by the new key, the old one ends at once', async () => {
    const node = await world.node();
    const old = node.key;
    await node.change();
    expect(await node.confirm()).toMatchObject({ node_id: node.id, generation: 2 });
    expect(await world.states(node.id)).toEqual(['1 retired', '2 active']);
    expect(await world.revoked(old.keyId)).toMatchObject([{ dueIn: 0 }]);
    expect(await node.confirm()).toMatchObject({ generation: 2 });
    await expect(node.ask({}, old)).rejects.toMatchObject(detail('node key superseded', { generation: 2 }));
  });

  test('the same request again is the same answer, days later, from whoever the Node is by then', async () => {
    const node = await world.node();
    const [next, old] = [newKey(), node.key];
    const request = await node.changeProof(next);
    const first = node.hold(await node.send('key', request), next);
    await node.confirm();
    await world.later(node.id, 3 * 86_400);
    const strip = (reply: object) => ({ ...reply, now: '' });
    expect(strip(await node.send('key', request))).toEqual(strip(first));
    expect(await world.rows('SELECT FROM ring.node WHERE contested_at IS NOT NULL')).toEqual([]);
    await world.rows(`UPDATE ring.node SET state = 'revoked', removed_at = now()`);
    expect(strip(await node.send('key', request))).toEqual(strip(first));
    expect(await world.revoked(old.keyId)).toHaveLength(1);
    expect(world.issued).toHaveLength(2);
  });

  test('of two changes at once one wins, and the other changes nothing', async () => {
    const node = await world.node();
    const [one, other] = [newKey(), newKey()];
    // Both are admitted before either commits.
    let waiting: (() => void)[] = [];
    world.meanwhile = () =>
      new Promise<void>((go) => {
        waiting.push(go);
        if (waiting.length === 2) for (const each of waiting.splice(0)) each();
      });
    const asked = [one, other].map(async (next) => node.send<{ public_key: string }>('key', node.changeProof(next)));
    const came = await Promise.allSettled(asked);
    waiting = [];
    const won = came.findIndex(({ status }) => status === 'fulfilled');
    expect(came[1 - won]).toMatchObject({ status: 'rejected', reason: detail('node key superseded') });
    const winner = [one, other][won]!;
    expect(await world.rows('SELECT bus_public_key AS key FROM ring.node')).toEqual([{ key: winner.keyId }]);
    expect(await world.states(node.id)).toEqual(['1 retiring', '2 active']);
    const loser = [one, other][1 - won]!;
    expect(await world.rows('SELECT FROM ring.bus_user WHERE public_key = $1', [loser.keyId])).toEqual([]);
  });

  test('of copies of one request at once all get one answer', async () => {
    const node = await world.node();
    const request = await node.changeProof(newKey());
    const answers = await Promise.all([1, 2, 3].map(() => node.send<{ token: string }>('key', request)));
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1);
    expect(await world.states(node.id)).toEqual(['1 retiring', '2 active']);
  });

  test('what goes wrong before the commit leaves everything as it was, and the same request then works', async () => {
    const node = await world.node();
    const request = await node.changeProof(newKey());
    world.meanwhile = () => Promise.reject(new Error('no signer'));
    await expect(node.send('key', request)).rejects.toThrow('no signer');
    expect(await world.states(node.id)).toEqual(['1 active']);
    world.meanwhile = async () => undefined;
    expect(await node.send('key', request)).toMatchObject({ generation: 2 });
  });

  test('a Node that is put out while its key changes has neither key, and the new one was never anybody’s', async () => {
    const node = await world.node();
    const next = newKey();
    world.meanwhile = () =>
      world.enrolment.removing.remove({ id: node.id }, world.enrolment.operator('edge.revoke'), undefined, {
        ...{ state: 'revoked', revokedReason: 'stolen' },
      });
    await expect(node.change(next)).rejects.toMatchObject(detail('node revoked'));
    expect(await world.states(node.id)).toEqual(['1 revoked']);
    expect(await world.rows('SELECT FROM ring.bus_user WHERE public_key = $1', [next.keyId])).toEqual([]);
  });

  test('twice within a minute: the first key ends with the second change', async () => {
    const node = await world.node();
    const first = node.key;
    await node.change();
    const second = node.key;
    await node.change();
    expect(await world.states(node.id)).toEqual(['1 retired', '2 retiring', '3 active']);
    expect(await world.revoked(first.keyId)).toMatchObject([{ dueIn: 0 }]);
    expect(await world.revoked(second.keyId)).toMatchObject([{ dueIn: 60 }]);
  });

  test('a Node of node add changes the key that it was given, whose credential never ended, and has one of its own', async () => {
    const given = newKey();
    const id = randomUUID();
    await world.rows(`INSERT INTO ring.bus_user (public_key) VALUES ($1)`, [given.keyId]);
    await world.rows(`INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ($1, $2, 'given', $3)`, [
      ...[id, MESH_DOMAIN, given.keyId],
    ]);
    const node = new EdgeNode(world, id, given);
    await expect(node.ask()).rejects.toMatchObject(detail('no node key'));
    await expect(node.renew({ token_hash: sha256('any') })).rejects.toMatchObject(detail('no node key'));
    expect(await node.change()).toMatchObject({ generation: 1, rotate_after: expect.any(String) });
    expect(await world.states(id)).toEqual(['0 retiring', '1 active']);
    const [revoked] = await world.revoked(given.keyId);
    expect(revoked).toMatchObject({ kind: 'node_key', expiresAt: null, dueIn: 60 });
    expect(revoked!.at).toBeGreaterThan(Date.now() / 1_000 + 20);
    await node.confirm();
    await expect(node.ask({}, given)).rejects.toMatchObject(detail('node key superseded'));
    expect(await node.ask()).toMatchObject({ generation: 1 });
  });
});

describe('tokens', () => {
  test('a renewal is a newer token beside the one that is held, and ends nothing', async () => {
    const node = await world.node();
    const [held, iat] = [node.token, world.issued[0]!.issued_at!];
    const reply = await node.renew();
    expect(reply.token).not.toBe(held);
    expect(world.issued[1]!.issued_at).toBeGreaterThan(iat);
    await node.confirm();
    expect(await world.revoked(node.key.keyId)).toEqual([]);
  });

  test('a refresh ends the one that is held, at its own second: when it is confirmed, or after a minute', async () => {
    const node = await world.node();
    const iat = world.issued[0]!.issued_at!;
    await node.renew({ replace: true });
    expect(await world.revoked(node.key.keyId)).toMatchObject([
      { kind: 'node_key', urgent: false, at: iat, dueIn: 60 },
    ]);
    await node.confirm();
    expect(await world.revoked(node.key.keyId)).toMatchObject([{ at: iat, dueIn: 0 }]);
    expect(world.issued[1]!.issued_at).toBeGreaterThan(iat);
    expect(await world.rows('SELECT former_until FROM ring.node_key')).toEqual([{ former_until: null }]);
  });

  test('whoever heard no answer names the token before, and gets the present one; once that is confirmed nobody does', async () => {
    const node = await world.node();
    const before = node.token;
    const reply = await node.renew();
    expect((await node.renew({ token_hash: sha256(before) })).token).toBe(reply.token);
    expect(world.issued).toHaveLength(2);
    await node.confirm();
    await expect(node.renew({ token_hash: sha256(before) })).rejects.toMatchObject(detail('token mismatch'));
    await expect(node.confirm({ token_hash: sha256(before) })).rejects.toMatchObject(detail('token mismatch'));
  });

  test('whoever comes back after the token that they never heard of is over, too, gets a new one', async () => {
    const node = await world.node();
    const before = node.token;
    await node.renew();
    await world.rows(`UPDATE ring.node_key SET token_expires_at = now() - interval '1 day'`);
    await node.renew({ token_hash: sha256(before) });
    expect(world.issued).toHaveLength(3);
    expect(await node.confirm()).toMatchObject({ generation: 1 });
  });

  test('of two at once both hold the same, or one is told so', async () => {
    const node = await world.node();
    const answers = await Promise.all([1, 2, 3].map(() => node.send<{ token: string }>('token', node.tokenProof())));
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1);
  });
});

describe('a key that was replaced', () => {
  test('is told so; used after its end it marks the Node, once', async () => {
    const node = await world.node();
    const old = node.key;
    await node.change();
    await node.confirm();
    const contested = () => world.rows<{ at: Date | null }>('SELECT contested_at AS at FROM ring.node');
    // On its way since before the end.
    await expect(node.ask({ exp: Math.floor(Date.now() / 1_000) + 30 }, old)).rejects.toMatchObject(
      detail('node key superseded'),
    );
    expect(await contested()).toEqual([{ at: null }]);
    await world.later(node.id, 120);
    await expect(node.ask({}, old)).rejects.toMatchObject(detail('node key superseded', { generation: 2 }));
    const [marked] = await contested();
    expect(marked!.at).toBeInstanceOf(Date);
    await expect(node.ask({}, old)).rejects.toMatchObject(detail('node key superseded'));
    expect(await contested()).toEqual([marked]);
    expect(await world.rows(`SELECT actor FROM ring.audit WHERE action = 'edge.contest'`)).toEqual([
      { actor: 'rotation' },
    ]);
    expect(world.warned.map(({ message }) => message)).toEqual(['a superseded node key is used: node contested']);
    expect(await node.ask()).toMatchObject({ contested_since: marked!.at!.toISOString() });
    expect(await world.readiness()).toBe('ok\n');
    await world.retiring.turn();
    expect(await world.readiness()).toBe('ok\nwarning: node keys: 1 contested: status names them\n');
  });

  test('a thief who changed it has the Node’s own key superseded', async () => {
    const node = await world.node();
    const thief = new EdgeNode(world, node.id, node.key);
    thief.generation = 1;
    await thief.change();
    await thief.confirm();
    await expect(node.change()).rejects.toMatchObject(detail('node key superseded', { generation: 2 }));
  });

  test('may ask while it retires, and nothing else', async () => {
    const node = await world.node();
    const old = new EdgeNode(world, node.id, node.key);
    old.hold({ generation: 1, token: node.token } as never, node.key);
    await node.change();
    expect(await old.ask()).toMatchObject({ generation: 2 });
    for (const said of [old.change(), old.confirm(), old.renew(), old.logout()]) {
      await expect(said).rejects.toMatchObject(detail('node key superseded'));
    }
    expect(await world.states(node.id)).toEqual(['1 retiring', '2 active']);
  });

  test('the tables say so by themselves when the minute is over', async () => {
    const node = await world.node();
    await node.renew({ replace: true });
    await node.change();
    await world.retiring.turn();
    expect(await world.states(node.id)).toEqual(['1 retiring', '2 active']);
    await world.later(node.id, 61);
    await world.retiring.turn();
    expect(await world.states(node.id)).toEqual(['1 retired', '2 active']);
    expect(await world.rows('SELECT FROM ring.node_key WHERE former_until IS NOT NULL')).toEqual([]);
  });
});

describe('leaving', () => {
  test('a Node leaves by its key: both of its keys end, and whoever says so again is answered', async () => {
    const node = await world.node();
    const old = node.key;
    await node.change();
    const { removed_at } = await node.logout();
    expect(await node.logout()).toEqual({ node_id: node.id, removed_at });
    expect(await world.states(node.id)).toEqual(['1 revoked', '2 revoked']);
    for (const key of [old, node.key]) {
      const revoked = (await world.revoked(key.keyId)).at(-1);
      expect(revoked).toMatchObject({ kind: 'node', urgent: true, expiresAt: expect.any(Date) });
    }
    await expect(node.ask()).rejects.toMatchObject(detail('node removed'));
    expect(await world.rows(`SELECT actor FROM ring.audit WHERE action = 'edge.logout'`)).toEqual([{ actor: node.id }]);
  });

  test('an operator revokes a Node: it is told so, and stays out', async () => {
    const node = await world.node();
    const asked = { identity: world.enrolment.operator('edge.revoke') } as never;
    const request = { node_id: node.id, reason: 'stolen from the van' };
    const reply = await world.controller.revoke(request as never, asked);
    expect(reply).toMatchObject({ node_id: node.id, pushed: true, revoked_at: expect.any(String) });
    expect(await world.revoked(node.key.keyId)).toMatchObject([{ kind: 'node', urgent: true }]);
    expect(await world.rows('SELECT state, revoked_reason AS reason FROM ring.node')).toEqual([
      { state: 'revoked', reason: 'stolen from the van' },
    ]);
    for (const said of [node.ask(), node.change(), node.renew(), node.confirm(), node.logout()]) {
      await expect(said).rejects.toMatchObject({ code: 'PERMISSION_DENIED', ...detail('node revoked') });
    }
    // To whoever has none of its keys it is nothing.
    await expect(node.ask({}, newKey())).rejects.toMatchObject(detail('not authenticated'));
  });
});

describe('when the bus’ list of revocations is nearly full', () => {
  /** Keys that stay in it for an hour. */
  const fill = (count: number, kind = 'node_key') =>
    world.rows(
      `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at, expires_at, due_at, urgent)
       SELECT 'U' || $2 || i, $2, now(), now() + interval '1 hour', now(), false FROM generate_series(1, $1::int) AS i`,
      [count, kind],
    );

  test('a key is neither changed nor a token replaced, and nothing has changed; a renewal goes on, and so does revoking', async () => {
    const node = await world.node();
    await fill(MOST_ENDED_KEYS - 1);
    // Of Nodes that are gone there may be as many as there are: they leave first.
    await fill(50, 'node');
    await node.change();
    const entered = () => world.rows('SELECT public_key, due_at FROM ring.bus_revocation ORDER BY 1, 2');
    const before = await entered();
    const full = { code: 'RESOURCE_EXHAUSTED', ...detail('revocation list full') };
    await expect(node.change()).rejects.toMatchObject(full);
    await expect(node.renew({ replace: true })).rejects.toMatchObject(full);
    expect(await world.states(node.id)).toEqual(['1 retiring', '2 active']);
    expect(await entered()).toEqual(before);
    await world.retiring.turn();
    expect(await world.readiness()).toBe('ok\nwarning: revocation list: full: no Node changes its key\n');
    expect(await node.renew()).toMatchObject({ generation: 2 });
    await node.logout();
    expect((await world.revoked(node.key.keyId)).at(-1)).toMatchObject({ kind: 'node', urgent: true });
  });

  test('one key that was revoked often counts once', async () => {
    const node = await world.node();
    await world.rows(
      `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at, expires_at, due_at, urgent)
       SELECT 'U1', 'node_key', now() + i * interval '1 s', now() + interval '1 hour', now(), false
         FROM generate_series(1, $1::int) AS i`,
      [MOST_ENDED_KEYS],
    );
    expect(await node.change()).toMatchObject({ generation: 2 });
  });

  test('one Node alone does not fill it', async () => {
    const node = await world.node();
    await world.rows(`UPDATE ring.node_key SET generation = $1`, [MOST_OF_ONE_NODE]);
    node.generation = MOST_OF_ONE_NODE;
    await node.change();
    await world.rows(`UPDATE ring.node_key SET generation = 1 WHERE state = 'retiring'`);
    const refusal = detail('too often', { retry_after: expect.any(Number) });
    await expect(node.change()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', ...refusal });
    await world.rows(`UPDATE ring.node_key SET tokens_until = now() WHERE generation = 1`);
    expect(await node.change()).toMatchObject({ generation: MOST_OF_ONE_NODE + 2 });
  });
});

test('a token that is none of what was asked for is entered nowhere', async () => {
  const node = await world.node();
  world.madeInstead = node.token;
  await expect(node.change()).rejects.toThrow('another token than it was asked for');
  expect(await world.states(node.id)).toEqual(['1 active']);
});
