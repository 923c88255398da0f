import { pastSilence } from '../../src/past-silence';
import type { Step } from '../../src/tell-story';

const RIVALS = 8;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k0']);
  const rotate = (i: number) =>
    pastSilence(
      world,
      ['signing', 'rotate', '--scope', world.domain, '--new-key-id', `rival-${i}`],
      ['signing: scope busy'],
    );
  const ran = await Promise.all(Array.from({ length: RIVALS }, (_, i) => rotate(i)));
  const winners = ran.filter((each) => each.exitCode === 0);
  const losers = ran.filter((each) => each.exitCode !== 0);
  expect(winners).toHaveLength(1);
  expect(losers.map((each) => each.stderr.includes('signing: rotation in progress'))).toEqual(losers.map(() => true));
  const rows = await world.query(`SELECT FROM ring.transition WHERE scope = $1`, [world.domain]);
  expect(rows).toHaveLength(1);
};
