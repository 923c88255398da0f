import { eventually } from '@plexsphere/testkit';
import type { HistoryReply, ListEventsReply, ShowReply } from '@plexsphere/wire/commands';
import { allTrust, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { Talk } from './hands';

const ANCHOR = 'edge-1.node.json';

export const step: Step = async (world) => {
  const { domain } = world;
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  await world.allSignersServe(domain);
  const nodes = [await world.addNode(domain, 'edge-1'), await world.addNode(domain, 'edge-2')];
  await Promise.all(nodes.map((node) => node.start()));
  const talk = new Talk(world, new Map([[ANCHOR, nodeOf(world, 'edge-1').enrolmentFile]]));
  const say = talk.say.bind(talk);
  const of = ['--scope', domain];
  const json = ['--output', 'json'];
  await allTrust(nodes, ['k1']);

  await say(0, 'policy', 'show', ...of);
  await say(1, 'policy', 'set', ...of, '--rotate-every', '1h', '--plan');
  await say(2, 'policy', 'set', ...of, '--rotate-every', '1h');
  await say(0, 'policy', 'set', ...of, '--propagation-delay', '20m', '--plan');
  await say(0, 'policy', 'set', ...of, '--propagation-delay', '20m');
  await say(0, 'policy', 'show', ...of, ...json);

  await say(0, 'signing', 'stage', ...of, '--new-key-id', 'k2', '--plan');
  await say(0, 'signing', 'stage', ...of, '--new-key-id', 'k2', '--rotate-by', '2d');
  await allTrust(nodes, ['k1', 'k2']);
  await say(1, 'signing', 'stage', ...of, '--new-key-id', 'k3');
  await say(1, 'signing', 'rotate', ...of, '--new-key-id', 'k3');
  await say(1, 'signing', 'rotate', ...of, '--new-key-id', 'k2');
  await say(0, 'signing', 'unstage', ...of, '--key-id', 'k2');
  await say(1, 'signing', 'unstage', ...of, '--key-id', 'k2');
  await allTrust(nodes, ['k1']);
  await say(0, 'signing', 'stage', ...of, '--new-key-id', 'k3', ...json);
  await allTrust(nodes, ['k1', 'k3']);
  await say(0, 'signing', 'rotate', ...of, '--new-key-id', 'k3', '--force');
  await allTrust(nodes, ['k3', 'k1']);

  await say(0, 'signing', 'rollback', ...of, '--plan');
  await say(0, 'signing', 'rollback', ...of, '--reason', 'refused-by-some');
  await allTrust(nodes, ['k1', 'k3']);
  await say(1, 'signing', 'rollback', ...of, '--plan');
  await say(1, 'signing', 'stage', ...of, '--new-key-id', 'k4');

  const revoke = ['signing', 'revoke', ...of, '--key-id', 'k1', '--new-key-id', 'k4', '--reason', 'stolen'];
  await say(0, ...revoke, '--plan');
  await say(2, ...revoke);
  await say(0, ...revoke, '--yes');
  await allTrust(nodes, ['k4']);
  await say(0, ...revoke, '--plan');
  await say(0, ...revoke, '--yes', ...json);
  await say(1, 'signing', 'revoke', ...of, '--key-id', 'k9', '--reason', 'stolen', '--yes');
  await say(1, 'signing', 'unstage', ...of);
  await say(0, 'signing', 'recommit', ...of, '--reason', 'the-key-ahead-leaked');

  await say(0, 'signing', 'history', ...of);
  await say(0, 'signing', 'show', '--id', await newestRotation(world));

  await everyEventApplied(world);
  await say(0, 'events', 'list', ...of, '--limit', '3');
  await say(0, 'events', 'show', '--event-id', (await events(world))[0]?.event_id ?? '');
  await say(0, 'audit', 'list', ...of, '--action', 'signing.revoke');
  await say(0, 'audit', 'list', ...of, '--limit', '4');
  await say(0, 'audit', 'list', ...of, '--action', 'signing.stage', '--limit', '1', ...json);
  await say(0, 'signing', 'verify-chain', ...of, '--anchor', ANCHOR);
  await say(2, 'signing', 'verify-chain', '--scope', 'platform', '--anchor', ANCHOR);
  talk.expectToMatch('life-of-a-key.transcript');
};

/** Once what it left in the ring is destroyed. */
const newestRotation = (world: World): Promise<string> =>
  eventually(
    async () => {
      const [newest] = (await world.json<HistoryReply>(['signing', 'history', '--scope', world.domain])).transitions;
      const shown = await world.json<ShowReply>(['signing', 'show', '--id', newest?.id ?? '']);
      return shown.new_key_destroyed_at === null ? undefined : shown.id;
    },
    { describe: 'the key that was rolled back destroyed' },
  );

const events = async (world: World): Promise<ListEventsReply['events']> =>
  (await world.json<ListEventsReply>(['events', 'list', '--scope', world.domain])).events;

const everyEventApplied = (world: World): Promise<unknown> =>
  eventually(async () => (await events(world)).every(({ nodes, applied }) => nodes === applied), {
    describe: 'every event applied',
  });
