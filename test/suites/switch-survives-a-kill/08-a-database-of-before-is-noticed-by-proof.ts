import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

interface Status {
  scopes: { epoch: number; went_back?: { epoch: number } }[];
}

/** As a restore from before the rotate would leave it. */
const TAKEN_BACK = `
  DELETE FROM ring.transition WHERE scope = $1;
  DELETE FROM ring.ring_change WHERE scope = $1 AND epoch = 2;
  DELETE FROM ring.signing_key WHERE scope = $1 AND key_id = 'b';
  UPDATE ring.signing_key SET state = 'active', verifies_until = NULL WHERE scope = $1 AND key_id = 'a';
  UPDATE ring.key_ring SET epoch = 1, trust_epoch = 1 WHERE scope = $1;`;

/** S8: signers that have seen the later ring prove it, and the scope stands still until an operator has decided. */
export const step: Step = async (world) => {
  const id = randomUUID();
  const scope = `domain:${id}`;
  await world.json(['domain', 'create', '--id', id, '--key-id', 'a']);
  await world.allSignersServe(scope);
  await world.json(['signing', 'rotate', '--scope', scope, '--new-key-id', 'b']);
  for (const statement of TAKEN_BACK.split(';').filter((text) => text.trim() !== ''))
    await world.query(statement, [scope]);

  const wentBack = await eventually(
    async () => (await world.json<Status>(['signing', 'status', '--scope', scope])).scopes[0]?.went_back,
    { describe: 'the proof' },
  );
  expect(wentBack).toMatchObject({ epoch: 2 });
  const refused = { exitCode: 1, stderr: expect.stringContaining('signing: epoch went back') as string };
  expect(await world.plexctl(['signing', 'rotate', '--scope', scope, '--new-key-id', 'c'])).toMatchObject(refused);
  expect(await world.plexctl(['signing', 'sign', '--scope', scope], '{}')).toMatchObject(refused);
  expect(
    await world.plexctl(['node', 'add', '--scope', scope, '--name', 'n', '--out', `${world.stack.tokenFile}.n`]),
  ).toMatchObject(refused);
  // Nobody else stands still.
  expect(await world.json(['signing', 'sign', '--scope', world.domain], '{}')).toMatchObject({ key_id: 'k3' });
};
