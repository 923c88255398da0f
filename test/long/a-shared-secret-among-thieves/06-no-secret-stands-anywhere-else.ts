import { readFileSync, readdirSync } from 'node:fs';
import { onDisk } from '../../src/everything-kept';
import type { SharedSecret } from '../../src/channel-service';
import { keptByMembers, spellings } from '../../src/member-secrets';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

/** What members hold is theirs and signers' alone, wrapped: not in a table, its log, the stream, a log, an argument, an answer. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const kept = await keptByMembers(shared);
  // One of each ring at least, and what each member opens them by.
  expect(kept.length).toBeGreaterThanOrEqual(2 + shared.members.length);
  const texts = Object.assign({}, ...kept.map(spellings)) as Record<string, string | Buffer>;
  const said = { ...commandLines(), ...(await answers(world, shared)) };
  expect(Object.keys(said).length).toBeGreaterThan(10);
  const heard = Object.entries(said).flatMap(([where, text]) =>
    Object.entries(texts).flatMap(([name, secret]) => (text.includes(secret) ? [`${name} in ${where}`] : [])),
  );
  expect(heard).toEqual([]);
  // Where nothing was read nothing could be found: what is public of a member stands in the database.
  const [one] = await world.query<{ known: string }>('SELECT sealing_key AS known FROM ring.member');
  const found = await onDisk(world, { ...texts, known: one!.known });
  expect(found.filter((where) => where.startsWith('known in '))).not.toEqual([]);
  expect(found.filter((where) => !where.startsWith('known in '))).toEqual([]);
};

/** Of every process of this machine, ours among them. */
function commandLines(): Record<string, Buffer> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return Object.fromEntries(
    pids.flatMap((pid) => {
      try {
        return [[`the command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`)]];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    }),
  );
}

/** All that an admin is told of a channel, its audit and its events. */
async function answers(world: World, shared: SharedSecret): Promise<Record<string, Buffer>> {
  const { slug } = shared;
  const scope = shared.direction('app');
  const commands = [
    ['channel', 'show', '--slug', slug],
    ['channel', 'verify', '--slug', slug],
    ['channel', 'list'],
    ['signing', 'status', '--scope', scope],
    ['signing', 'history', '--scope', scope],
    ['audit', 'list', '--scope', scope],
    ['events', 'list', '--scope', scope],
  ];
  const told = await Promise.all(
    commands.map(async (args) => {
      const { stdout, stderr } = await world.plexctl([...args, '--output', 'json']);
      return [`plexctl ${args.join(' ')}`, Buffer.from(stdout + stderr)] as const;
    }),
  );
  return Object.fromEntries(told);
}
