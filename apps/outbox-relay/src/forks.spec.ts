/** Nodes whose heads stand nowhere in our chain, or count as another epoch than they say: on a real PostgreSQL. */
import 'reflect-metadata';
import { testKey } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { readStatement } from '@plexsphere/wire/jws';
import { ClaimWorld, ack, type Claimer } from '../testing/claim-world';
import type { Claim } from './claim/claims';
import type { ChainNews } from './claim/next-message';
import { readStatements } from './write/read-statements';

jest.setTimeout(60_000);

const THIEFS = 't'.repeat(43);
const OTHERS = 'o'.repeat(43);
const NOW = new Date();

let world: ClaimWorld;
let by: Claimer;
beforeEach(async () => {
  world = await ClaimWorld.create();
  by = world.claimer();
});
afterEach(() => world.end());

const stream = (node: string) => world.mesh.stream(node);
const said = async (node: string) => (await world.drain(by)).get(node) ?? [];
const revoke = (scope: string) =>
  world.mesh.change(scope, (ring) => ring.revoke(ring.active.keyId, NOW, `${ring.active.keyId}r`));

/** What stands in the chain that the Node gets next, in words. */
async function nextChain(): Promise<{ claim: Claim; statements: string[] }> {
  const claims = await by.claims.take(1);
  const claim = claims[0]!;
  expect(claim.message.kind).toBe('chain');
  const news = claim.message as ChainNews;
  const ahead = await readStatements(world.source.manager, claim.node.scope, news.from, { upTo: news, limit: 257 });
  const wordsOf = (rows: { statement: string }[]) =>
    rows
      .map(({ statement }) => readStatement(statement))
      .map(({ scope, type, epoch }) => [scope.split(':')[0], type, epoch].join(' '));
  return { claim, statements: [...wordsOf(ahead.platform), ...wordsOf(ahead.own)] };
}

describe("a fork of the Node's own ring", () => {
  test('holds everything back but the news of the platform, until there is a way back; then it heals', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await world.hello(node, 'h1', 7, { heads: { ring: THIEFS } });
    expect(await said(node)).toEqual([]);
    await expect(stream(node)).resolves.toMatchObject({
      ...{ told_epoch: 0, settled_epoch: 0, told_platform_epoch: 1, settled_platform_epoch: 1 },
      ...{ forked_at: expect.any(Date), platform_forked_at: null },
    });
    await mesh.rotate(domain, 'd2');
    await mesh.rotate(PLATFORM, 'p2');
    await mesh.set(node, 'claim_deadline = NULL');
    const { claim, statements } = await nextChain();
    expect(statements).toEqual(['platform rotate 2']);
    await world.mark(by, claim);
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 0, told_platform_epoch: 2 });
    await mesh.set(node, 'claim_deadline = NULL');
    await expect(world.claimed(by, 10)).resolves.toBe(0);

    await revoke(domain);
    const back = await nextChain();
    expect(back.statements).toEqual(['domain revoke 3']);
    await world.mark(by, back.claim);
    expect(await said(node)).toEqual(['ready', '1']);
    await world.settle(ack(node, 3, 1, 2));
    await expect(stream(node)).resolves.toMatchObject({
      ...{ told_epoch: 3, settled_epoch: 3, settled_platform_epoch: 2, settled_position: 1, forked_at: null },
    });
  });

  test('is told from the platform’s change on that says who vouched', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.rotate(PLATFORM, 'p2');
    await revoke(domain);
    await mesh.rotate(domain, 'd3');
    await mesh.closeRotation(PLATFORM);
    await mesh.rotate(PLATFORM, 'p3');
    await world.hello(node, 'h1', 2, { platformEpoch: 4, heads: { ring: THIEFS } });
    expect((await nextChain()).statements).toEqual([
      'platform rotate 2',
      'platform rotate 4',
      'domain revoke 2',
      'domain rotate 3',
    ]);
  });

  test.each([1, 2, 2 ** 53 - 1])('counts nothing as applied, be it said beside epoch %d', async (epoch) => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    await said(node);
    await world.settle(ack(node, 2, 0));
    await world.settle(ack(node, epoch, 0, 1, { ring: THIEFS }));
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 0, settled_epoch: 0, forked_at: expect.any(Date) });
    expect(await said(node)).toEqual([]);
    // And it counts again as soon as it shows a head of ours.
    await world.settle(ack(node, 2, 0));
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 2, settled_epoch: 2, forked_at: null });
  });

  test('takes the claim from whoever is about to publish to it', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    const claims = await by.claims.take(1);
    await world.settle(ack(node, 1, 0, 1, { ring: THIEFS }));
    await world.mark(by, claims[0]!);
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 0, claim_owner: null, last_sequence: 0 });
  });

  test('is shown though a position is claimed that was never given, and settles none', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await said(node);
    await world.settle(ack(node, 1, 10 ** 15, 1, { ring: THIEFS }));
    await expect(stream(node)).resolves.toMatchObject({ forked_at: expect.any(Date), settled_position: 0 });
    await world.settle(ack(node, 1, 1, 1, { ring: THIEFS }));
    await expect(stream(node)).resolves.toMatchObject({ settled_position: 0 });
    await world.settle(ack(node, 1, 1));
    await expect(stream(node)).resolves.toMatchObject({ settled_position: 1, forked_at: null });
  });

  test('that is known does not begin the chain anew with each word; another one does', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await revoke(domain);
    await mesh.sleepThrough(domain, 300);
    await world.hello(node, 'h1', 1, { heads: { ring: THIEFS } });
    const { claim } = await nextChain();
    const chain = { own: { after_epoch: 40, whole_from: 2 }, platform: { after_epoch: 1, whole_from: 0 } };
    await by.results.released({ ...claim.node, deferMs: 0 });
    await mesh.set(node, `chain = '${JSON.stringify(chain)}'`);
    await world.settle(ack(node, 1, 0, 1, { ring: THIEFS }));
    await expect(stream(node)).resolves.toMatchObject({ chain, told_epoch: 0 });
    await world.settle(ack(node, 1, 0, 1, { ring: OTHERS }));
    await expect(stream(node)).resolves.toMatchObject({ chain: null, told_epoch: 0 });
  });

  test('that lasts is told again when its time has come', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await revoke(domain);
    await world.settle(ack(node, 1, 0, 1, { ring: THIEFS }));
    expect(await said(node)).toEqual(['chain']);
    await world.settle(ack(node, 1, 0, 1, { ring: THIEFS }));
    expect(await said(node)).toEqual([]);
    await mesh.set(node, `resend_at = clock_timestamp()`);
    expect(await said(node)).toEqual(['chain']);
  });

  test('that comes to light while a hello is being answered counts at once: nothing that was due goes out', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await mesh.rotate(domain, 'd2');
    await world.hello(node, 'h1', 1);
    const claims = await by.claims.take(1);
    expect(claims[0]!.message.kind).toBe('announce');
    await by.results.released({ ...claims[0]!.node, deferMs: 0 });
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 1, hello: { hello_id: 'h1', taken: true } });
    await world.hello(node, 'h1', 2, { heads: { ring: THIEFS } });
    expect(await said(node)).toEqual([]);
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 0, hello: { hello_id: 'h1' } });
  });

  test('that a hello shows to be over is, though nothing led back', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await world.hello(node, 'h1', 1, { heads: { ring: THIEFS } });
    expect(await said(node)).toEqual([]);
    // The same question: a Node says it again with what it holds by then.
    await world.hello(node, 'h1', 1);
    await mesh.set(node, 'claim_deadline = NULL');
    expect(await said(node)).toEqual(['ready', '1']);
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 1, forked_at: null });
  });
});

describe("a fork of the platform's ring", () => {
  test("holds back the platform's news and no event of the Domain's", async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await world.hello(node, 'h1', 1, { heads: { platform: THIEFS } });
    await mesh.rotate(PLATFORM, 'p2');
    expect(await said(node)).toEqual(['ready', '1']);
    // Its row waits, and does not keep the Node due.
    await expect(world.claimed(by, 10)).resolves.toBe(0);
    await mesh.rotate(domain, 'd2');
    expect(await said(node)).toEqual(['signing_key_rotated']);
    await expect(stream(node)).resolves.toMatchObject({ told_platform_epoch: 0, platform_forked_at: expect.any(Date) });
    await mesh.set(node, 'claim_deadline = NULL');
    await expect(world.claimed(by, 10)).resolves.toBe(0);
  });

  test('that comes to light while a hello is being answered counts at once: no news of that ring go out', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await mesh.rotate(PLATFORM, 'p2');
    await world.hello(node, 'h1', 1);
    const claims = await by.claims.take(1);
    expect(claims[0]!.message.kind).toBe('announce');
    await by.results.released({ ...claims[0]!.node, deferMs: 0 });
    await world.hello(node, 'h1', 1, { platformEpoch: 2, heads: { platform: THIEFS } });
    expect(await said(node)).toEqual(['ready', '1']);
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 1, told_platform_epoch: 0 });
  });

  test('is led back by the revoke, behind all recoveries that may be news to the Node', async () => {
    const { mesh, domain } = world;
    const [node, own] = [await mesh.node(domain), await mesh.node(PLATFORM)];
    const changeRecovery = (keyId: string) => mesh.change(PLATFORM, () => mesh.rings.changeRecoveryKey(testKey(keyId)));
    await changeRecovery('recovery-2');
    await mesh.rotate(PLATFORM, 'p2');
    await changeRecovery('recovery-3');
    await revoke(PLATFORM);
    await mesh.rotate(PLATFORM, 'p4');
    const expected = ['platform recovery 2', 'platform recovery 4', 'platform revoke 5', 'platform rotate 6'];
    for (const each of [node, own]) {
      await said(each);
      await world.hello(each, 'h1', 1, { heads: { platform: THIEFS, ...(each === own && { ring: THIEFS }) } });
      const { claim, statements } = await nextChain();
      expect(statements).toEqual(expected);
      await world.mark(by, claim);
    }
    await expect(stream(own)).resolves.toMatchObject({ told_epoch: 6, told_platform_epoch: 6 });
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 1, told_platform_epoch: 6 });
  });

  test.each<[string, () => string, string[]]>([
    ['a Domain', () => world.domain, ['ready']],
    ['the platform', () => PLATFORM, []],
  ])('of a Node of %s is not led back by what it held before: each fork needs a revoke of its own', async (...row) => {
    const [, scopeOf, heard] = row;
    const { mesh } = world;
    const node = await mesh.node(scopeOf());
    const isOwn = scopeOf() === PLATFORM;
    const fork = { platform: THIEFS, ...(isOwn && { ring: THIEFS }) };
    await revoke(PLATFORM);
    await said(node);
    await world.settle(ack(node, isOwn ? 2 : 1, 0, 2));
    await mesh.rotate(PLATFORM, 'p3');
    await world.settle(ack(node, isOwn ? 3 : 1, 0, 3, fork));
    await world.hello(node, 'h1', isOwn ? 3 : 1, { platformEpoch: 3, heads: fork });
    expect(await said(node)).toEqual(heard);
    await mesh.set(node, `claim_deadline = NULL, resend_at = clock_timestamp()`);
    expect(await said(node)).toEqual([]);
    await expect(stream(node)).resolves.toMatchObject({ told_platform_epoch: 0, platform_forked_from: 2 });

    await revoke(PLATFORM);
    await mesh.set(node, 'claim_deadline = NULL');
    const back = await nextChain();
    expect(back.statements).toEqual(['platform revoke 4']);
    await world.mark(by, back.claim);
    await world.settle(ack(node, isOwn ? 4 : 1, 0, 4));
    await expect(stream(node)).resolves.toMatchObject({ told_platform_epoch: 4, platform_forked_from: null });
  });

  test('that began before our revoke was heard is led back by it, be it shown ever so late', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await revoke(PLATFORM);
    await said(node);
    await world.hello(node, 'h1', 1, { platformEpoch: 2, heads: { platform: THIEFS } });
    expect((await nextChain()).statements).toEqual(['platform revoke 2']);
  });

  test('keeps nobody due who lacks what only a bundle could tell; one statement by a key that it holds needs none', async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    await world.settle(ack(node, 1, 0, 1, { platform: THIEFS }));
    await mesh.publish(domain);
    await mesh.rotate(domain, 'd2');
    await mesh.closeRotation(domain);
    await world.hello(node, 'h1', 1, { heads: { platform: THIEFS } });
    await mesh.set(node, 'resend_at = clock_timestamp(), claim_deadline = NULL');
    await expect(world.claimed(by, 10)).resolves.toBe(0);
    // The rotation was on its way to it, and it shows so.
    await world.hello(node, 'h1', 2, { heads: { platform: THIEFS } });
    await world.settle(ack(node, 2, 0, 1, { platform: THIEFS }));
    expect(await said(node)).toEqual(['ready', '1']);
    await mesh.rotate(domain, 'd3');
    await mesh.set(node, 'claim_deadline = NULL');
    expect(await said(node)).toEqual(['signing_key_rotated']);
  });
});

describe('a head of ours', () => {
  /** Statements at 1, 2 and 4; closed at 3 and 5. */
  const lived = async () => {
    const { mesh, domain } = world;
    const node = await mesh.node(domain);
    for (const keyId of ['d2', 'd3']) {
      await mesh.rotate(domain, keyId);
      await mesh.closeRotation(domain);
    }
    return node;
  };

  test.each([
    ['less than its own statement’s', 1, 2, 2],
    ['what it says', 3, 2, 3],
    ['no more than the last before the next statement’s', 5, 2, 3],
    ['no more than the ring’s', 2 ** 53 - 1, 4, 5],
  ])('counts as %s', async (_, epoch, headEpoch, counted) => {
    const { mesh, domain } = world;
    const node = await lived();
    await world.settle(ack(node, epoch, 0, 1, { ring: mesh.headAt(domain, headEpoch) }));
    await expect(stream(node)).resolves.toMatchObject({
      ...{ settled_epoch: counted, told_epoch: counted, forked_at: null },
      ahead_epoch: epoch > 5 ? epoch : null,
    });
  });

  test('whose number is wrong is answered by a chain message, however little is due, and then is ready', async () => {
    const { mesh, domain } = world;
    const node = await lived();
    await world.settle(ack(node, 5, 0));
    await world.hello(node, 'h1', 900, { heads: { ring: mesh.headAt(domain, 4) } });
    const { claim, statements } = await nextChain();
    expect(statements).toEqual([]);
    // The relay goes before it can note it: the answer is the same, whatever was sent.
    await by.results.otherSequence(claim.node, 7);
    expect(await said(node)).toEqual(['chain', 'ready']);
    await expect(stream(node)).resolves.toMatchObject({ ahead_epoch: 900, hello: null, told_epoch: 5 });
    await world.hello(node, 'h2', 5);
    expect(await said(node)).toEqual(['ready']);
    await expect(stream(node)).resolves.toMatchObject({ ahead_epoch: null });
  });
});
