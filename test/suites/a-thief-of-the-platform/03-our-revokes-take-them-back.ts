import { eventually, type TestKey } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { throughKills } from '../../src/kills';
import { recoveryFile, recoveryFlags } from '../../src/recovery-file';
import { allTrust, allTrustPlatform, forksOf, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import type { Thief } from '../../src/thief';

const OURS = 'platform-after-mallory';

/** First the platform's, which vouches for the Domain's. */
export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const stolen = world.kept.get('stolen') as TestKey;
  const revoke = ['signing', 'revoke', '--scope', PLATFORM, '--key-id', stolen.keyId, '--new-key-id', OURS];
  const args = [...revoke, '--reason', 'stolen', '--yes', ...recoveryFlags(recoveryFile(world))];
  await throughKills(world, () => world.json(args));
  await allTrustPlatform(world.nodes, [OURS]);
  expect(await forksOf(world, world.domain)).toEqual(['edge-1']);
  const ofTheDomain = { scope: world.domain, key_id: 'k1', reason: 'a fork', new_key_id: 'k2' };
  await promises.switches('k2', () => throughKills(world, () => operator.change('signing.revoke', ofTheDomain)));
  await allTrust(world.nodes, ['k2']);
  await eventually(async () => (await forksOf(world, world.domain)).length === 0, { describe: 'no fork shown' });

  // What he signs now is nobody's word.
  const thief = world.kept.get('thief') as Thief;
  const node = nodeOf(world, 'edge-3');
  await thief.tell('edge-3', 'chain', await thief.chain({}, await thief.bundle(stolen, {})));
  await eventually(() => node.refused.length > 0, { describe: 'his bundle refused' });
  expect(node.refused.map(({ reason }) => reason)).toEqual(['bundle_foreign']);
  await promises.expectKept({ forgeries: ['bundle_foreign'], captured: ['edge-1'] });
};
