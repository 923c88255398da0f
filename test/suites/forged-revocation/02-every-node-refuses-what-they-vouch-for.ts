import type { RefusalReason } from '@plexsphere/node-sdk';
import { eventually, forgedStatement, testKey, type TestKey } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { throughKills } from '../../src/kills';
import { handsOf } from '../../src/story-hands';
import { anchorOf, type Thief } from '../../src/thief';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

interface Stolen {
  retired: TestKey;
  active: TestKey;
  platform: TestKey;
}

/** What a recovery key is called no Node knows: by another one the signature is wrong. */
const REFUSED_FOR: RefusalReason[] = ['foreign_authority', 'foreign_authority', 'signature_invalid'];

export const step: Step = async (world) => {
  const stolen = world.kept.get('stolen') as Stolen;
  const chains = [
    await ofTheDomain(world, stolen.active),
    await ofTheDomain(world, stolen.retired),
    await ofThePlatform(world, stolen.platform),
  ];
  await throughKills(world, async () => {
    for (const chain of chains) await tellAll(world, chain);
  });
  for (const node of world.nodes) {
    expect(node.refused.map(({ reason }) => reason)).toEqual(REFUSED_FOR);
    expect(node.trusts).toEqual(['k2']);
    expect(node.trustsPlatform).toEqual([stolen.platform.keyId]);
  }
  await handsOf(world).promises.expectKept({ forgeries: REFUSED_FOR });
};

/** By a key of the Domain, where the platform's would have to vouch. */
async function ofTheDomain(world: World, by: TestKey): Promise<string> {
  const thief = world.kept.get('thief') as Thief;
  const { epoch: authority_epoch } = await thief.ring(PLATFORM);
  const mallory = testKey('mallory');
  const statement = await thief.revocation(world.domain, mallory, { authority_epoch });
  return thief.chain({ own: [forgedStatement(statement, by, mallory)] });
}

/** By the platform's key, where the recovery key would have to, and a bundle by the key that it brings in. */
async function ofThePlatform(world: World, by: TestKey): Promise<string> {
  const thief = world.kept.get('thief') as Thief;
  const mallory = testKey('mallory');
  const text = forgedStatement(await thief.revocation(PLATFORM, mallory), by, mallory);
  return thief.chain({ platform: [text] }, await thief.bundle(mallory, { platform: anchorOf(text) }));
}

async function tellAll(world: World, chain: string): Promise<void> {
  const thief = world.kept.get('thief') as Thief;
  for (const node of world.nodes) {
    const before = node.refused.length;
    await thief.tell(node.name, 'chain', chain);
    await eventually(() => node.refused.length > before, { describe: `${node.name} refusing what was forged` });
  }
}
