import { eventually, forgedStatement, testKey, type TestKey } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import type { StatusReply } from '@plexsphere/wire/commands';
import { allTrust, allTrustPlatform, forksOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { anchorOf, type Thief } from '../../src/thief';
import type { World } from '../../src/world';

/** Of the Domain by a revoke that the platform's key may vouch for, of the platform by the key ahead, stolen as well. */
export const step: Step = async (world) => {
  const stolen = world.kept.get('stolen') as TestKey;
  await captureDomain(world, stolen, 'edge-1');
  await capturePlatform(world, stolen, 'edge-2');
  await allTrust([nodeOf(world, 'edge-1')], ['mallory']);
  await allTrustPlatform([nodeOf(world, 'edge-2')], ['mallory-platform', stolen.keyId]);
  await eventually(async () => (await forksOf(world, world.domain)).join() === 'edge-1', {
    timeoutMs: 150_000,
    describe: 'the fork of the Domain shown',
  });
  const platform = async () => (await world.json<StatusReply>(['signing', 'status', '--scope', PLATFORM])).scopes[0];
  await eventually(async () => (await platform())?.domain_forks?.count === 1, {
    timeoutMs: 150_000,
    describe: 'the fork of the platform shown',
  });
  expect((await platform())?.domain_forks?.names).toEqual([`${world.domain}/edge-2`]);
  expect((await platform())?.forked_domains?.scopes).toEqual([world.domain]);
};

/** His bundle has the largest number there is. */
async function captureDomain(world: World, stolen: TestKey, name: string): Promise<void> {
  const thief = world.kept.get('thief') as Thief;
  const mallory = testKey('mallory');
  const { epoch: authority_epoch } = await thief.ring(PLATFORM);
  const text = forgedStatement(await thief.revocation(world.domain, mallory, { authority_epoch }), stolen, mallory);
  const bundle = await thief.bundle(stolen, anchorOf(text, Number.MAX_SAFE_INTEGER));
  await thief.tell(name, 'chain', await thief.chain({ own: [text] }, bundle));
}

async function capturePlatform(world: World, stolen: TestKey, name: string): Promise<void> {
  const thief = world.kept.get('thief') as Thief;
  const mallory = await thief.stealKeyAhead(PLATFORM, 'mallory-platform');
  const text = forgedStatement(await thief.rotation(PLATFORM, mallory), stolen, mallory);
  const bundle = await thief.bundle(mallory, { platform: anchorOf(text) });
  await thief.tell(name, 'chain', await thief.chain({ platform: [text] }, bundle));
}
