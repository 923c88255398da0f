import { eventually } from '@plexsphere/testkit';
import { pastSilence } from '../../src/past-silence';
import type { Step } from '../../src/tell-story';

/** A stopped signer holds up the reply, not the commit; the replica that committed dies, and the other one answers. */
export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  await world.allSignersServe(world.domain);
  const [stopped] = world.stack.services('signer');
  stopped?.pause();
  const rotating = pastSilence(world, ['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  const committer = await eventually(
    () =>
      world.stack
        .services('rotation')
        .find((rotation) => rotation.logs().some((line) => line.msg === 'rotation opened')),
    { describe: 'the commit' },
  );
  await committer.kill();
  const ran = await rotating;
  expect([ran.exitCode, ran.stderr.includes('outcome unknown')]).toEqual([0, false]);
  expect(ran.stdout).toMatch(/k1 +k2/);
  const rows = await world.query(`SELECT FROM ring.transition WHERE scope = $1`, [world.domain]);
  expect(rows).toHaveLength(1);
  const audit = await world.query(`SELECT FROM ring.audit WHERE action = 'signing.rotate'`);
  expect(audit).toHaveLength(1);
  stopped?.resume();
  await committer.start();
};
