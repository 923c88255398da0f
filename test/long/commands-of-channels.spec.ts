import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, repositoryRoot } from '@plexsphere/stack';
import { follow as followSection } from '../docs/follow';
import { ServiceMember } from '../src/channel-service';
import { Ground, World } from '../src/world';

/** The pages of channels: their commands as they stand there, and their answers, while members of the channel talk. */

let ground: Ground;
let world: World;

beforeAll(async () => {
  const rotation = {
    ...{ PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '1s' },
    // The old key is signed by for one second.
    ...{ PLEXSPHERE_BOTH_KEYS_FOR: '1s', PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'true' },
  };
  ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1, gateways: 1, env: { rotation } });
}, 240_000);
afterAll(async () => ground?.remove(), 240_000);

beforeEach(async () => void (world = await World.on(ground)));
afterEach(async () => world?.end());

const overlap = (span: string) => world.json(['policy', 'set', '--kind', 'channel', '--overlap-window', span]);

it.each([
  {
    file: 'channels.md',
    slug: 'chat',
    made: 'Make one',
    members: { 'app-1': 'app', 'app-2': 'app', 'plugin-1': 'plugin' },
    steps: ['Rotate', 'Close', 'The way back', 'A secret that leaked', 'Somebody goes', 'By itself'],
  },
  {
    file: 'runbook-shared-secret.md',
    slug: 'jit',
    made: 'Once: the channel',
    members: { 'jit-plugin-1': 'plugin', 'jit-backend-1': 'backend' },
    steps: [
      '1 to 4. Rotate',
      '5. Verify',
      '6 and 7. Wait, and remove the old key',
      '8. Final verification',
      'Rollback',
      'Schedule',
    ],
  },
])(
  '$file',
  async ({ file, slug, made, members, steps }) => {
    const text = await readFile(join(repositoryRoot, 'docs', file), 'utf8');
    const folder = await mkdtemp(join(ground.dir, 'reader-'));
    const step = (title: string, number = 0) =>
      followSection(text, { title, numbers: [number] }, folder, ground.stack.env);
    // A close by reports alone waits for a minute of them.
    await overlap('10s');
    await step(made);
    const [one = '', other = ''] = new Set(Object.values(members));
    const running = await Promise.all(
      Object.entries(members).map(async ([name, side]) => {
        const enrolment = await readFile(join(folder, `${name}.node.json`), 'utf8');
        const { node_id: nodeId } = JSON.parse(enrolment) as { node_id: string };
        return new ServiceMember(name, side === one ? [one, other] : [other, one], slug, folder, nodeId);
      }),
    );
    world.afterwards(async () => void (await Promise.all(running.map((member) => member.stop()))));
    await Promise.all(running.map((member) => member.start()));
    const holds = (member: ServiceMember) => member.kids(member.sends).length * member.kids(member.receives).length > 0;
    await eventually(() => running.every(holds), { describe: 'everybody holding both directions' });
    if (file === 'channels.md') await step(made, 1);
    for (const title of steps) {
      // Who was thrown out of a key, or removed, may be refused.
      if (!['Somebody goes', 'By itself'].includes(title)) await allTalk(running);
      if (title === 'The way back' || title === 'Rollback') await overlap('1h');
      await step(title);
    }
    expect(running.flatMap(({ said, refusedNews }) => [...said.refused, ...refusedNews])).toEqual([]);
  },
  120_000,
);

/** Everybody to everybody of the other side. */
async function allTalk(members: readonly ServiceMember[]): Promise<void> {
  for (const from of members) for (const to of members) if (to.side !== from.side) await from.say(to);
}
