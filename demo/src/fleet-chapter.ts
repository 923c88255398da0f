import { plexctlJson, runPlexctl } from '@plexsphere/stack';
import type { EdgeNode, ShowFleetReply } from '@plexsphere/wire/commands';
import { Hosts } from './hosts';
import type { Mesh } from './mesh';

export interface FleetSeen {
  hosts: number;
  /** Of the run over all of them. */
  waves: number;
  rotated: number;
  /** Host → why it has not changed its key in that run. */
  failed: Record<string, string | null>;
  /** Of the run for the one that was away, once it was back. */
  rotated_afterwards: number;
  /** How many hosts hold another key than before. */
  keys_changed: number;
  events_delivered: number;
  verification_failures: number;
  events_lost: number;
  events_applied_twice: number;
}

const TAG = 'web';
const TARGET = `tags.any=${TAG}`;
/** Whoever is not there holds its wave up for so long. */
const DEADLINE = '15s';

/** Twenty hosts change their own keys in waves, under events, by one command; one of them is away, and does so afterwards. */
export async function tellFleet(mesh: Mesh): Promise<FleetSeen> {
  mesh.setting.narrator.heading('Have twenty hosts change their own keys');
  const hosts = new Hosts(mesh);
  try {
    await hosts.start();
    mesh.say(
      `${hosts.names.length} hosts have enrolled over HTTP, each by a token and with a key that it has made itself`,
    );
    await mesh.operator.tag(hosts.names, TAG);
    mesh.sayCommand('node tag', '--name', 'NAME', '--add', TAG);
    await mesh.moreEvents();
    const before = await fingerprints(mesh);
    await hosts.lastGoes();
    mesh.say(`${hosts.lastName} goes away: the last wave waits ${DEADLINE} for it`);
    const all = await rotate(mesh, TARGET, '--mode', 'rolling=5', '--deadline', DEADLINE);
    await hosts.lastComes();
    mesh.say(`${hosts.lastName} is back, by the key that it had, and takes its turn`);
    const afterwards = await rotate(mesh, `id=${nodeIdOf(all, hosts.lastName)}`);
    const after = await fingerprints(mesh);
    await mesh.moreEvents();
    const counts = await count(mesh, hosts);
    mesh.say(`${counts.events_delivered} events were delivered to them meanwhile, ${counts.events_lost} lost`);
    return {
      hosts: hosts.names.length,
      waves: all.waves,
      rotated: all.rotated,
      failed: Object.fromEntries(
        all.steps.flatMap(({ name, state, reason }) => (state === 'rotated' ? [] : [[name, reason]])),
      ),
      rotated_afterwards: afterwards.rotated,
      keys_changed: hosts.names.filter((name) => after.has(name) && after.get(name) !== before.get(name)).length,
      ...counts,
    };
  } finally {
    await hosts.stop();
  }
}

/** Shows the command's own lines as they come, and asks what has come of the run. */
async function rotate(mesh: Mesh, target: string, ...flags: string[]): Promise<ShowFleetReply> {
  const { env } = mesh.setting.stack;
  const args = ['edge', 'fleet', 'keys', 'rotate', '--target', target, ...flags];
  mesh.say(`plexctl ${args.join(' ')}`);
  const onLine = (line: string): void => mesh.say(line);
  // It fails where a host has not changed its key, which is told by the run itself.
  const { stdout, stderr } = await runPlexctl(args, env, '', { onLine });
  const [, run] = /^\[run ([0-9a-f-]+)\]/m.exec(stdout) ?? [];
  if (run === undefined) throw new Error(`plexctl ${args.join(' ')} has begun no run: ${stderr.trim()}`);
  return plexctlJson(['edge', 'fleet', 'show', run], env);
}

const nodeIdOf = ({ steps }: ShowFleetReply, wanted: string): string =>
  steps.find(({ name }) => name === wanted)?.node_id ?? '';

/** Host → its key's. */
async function fingerprints({ setting }: Mesh): Promise<ReadonlyMap<string, string | null>> {
  const list = ['edge', 'list', '--target', TARGET];
  const { nodes } = await plexctlJson<{ nodes: EdgeNode[] }>(list, setting.stack.env);
  return new Map(nodes.map(({ name, key_fingerprint: fingerprint }) => [name, fingerprint]));
}

/** From what the hosts wrote to disk, as soon as all have come; what has not come by then counts as lost. */
async function count(mesh: Mesh, hosts: Hosts) {
  const published = [...hosts.published];
  const missing = async (): Promise<number> => (await hosts.seen()).missing(published, hosts.names.length);
  await mesh.wait(async () => (await missing()) === 0, 'events at the hosts').catch(() => undefined);
  const seen = await hosts.seen();
  return {
    events_delivered: seen.applied,
    verification_failures: seen.refused,
    events_lost: seen.missing(published, hosts.names.length),
    events_applied_twice: seen.appliedTwice,
  };
}
