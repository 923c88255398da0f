import { join } from 'node:path';
import { plexctlJson, runPlexctl } from '@plexsphere/stack';
import { ChannelEnd } from './channel-end';
import type { Mesh } from './mesh';

export interface ChannelSeen {
  /** Calls and webhooks both ways, before the secrets changed, meanwhile and afterwards. */
  messages: number;
  refused: number;
  /** The keys by which the app signed, before and after. */
  signed: { before: string; after: string };
  /** Of `plexctl channel verify`. */
  is_well: boolean;
  /** Why the old keys were not closed yet. */
  close_refused: string;
}

interface Direction {
  scope: string;
  phase: string | null;
  active_key_id: string;
}

const SLUG = 'pay';
const [APP, PLUGIN] = ['app', 'plugin'];
const APP_TO_PLUGIN = `channel:${SLUG}:${APP}-to-${PLUGIN}`;
const PLUGIN_TO_APP = `channel:${SLUG}:${PLUGIN}-to-${APP}`;

/** The secrets of two services change under load, and neither refuses the other: nobody signs by what is not held yet. */
export async function tellChannel(mesh: Mesh): Promise<ChannelSeen> {
  const { env } = mesh.setting.stack;
  mesh.setting.narrator.heading('Rotate the secrets of two services');
  await plexctlJson(['channel', 'create', '--slug', SLUG, '--side', APP, '--side', PLUGIN], env);
  mesh.say(`plexctl channel create --slug ${SLUG} --side ${APP} --side ${PLUGIN}`);
  const app = await member(mesh, APP, APP_TO_PLUGIN, PLUGIN_TO_APP);
  const plugin = await member(mesh, PLUGIN, PLUGIN_TO_APP, APP_TO_PLUGIN);
  try {
    await mesh.wait(
      () => [app, plugin].every((end) => end.holds(APP_TO_PLUGIN, PLUGIN_TO_APP)),
      'both to hold secrets',
    );
    app.startSending(plugin);
    plugin.startSending(app);
    await mesh.wait(() => app.sent.messages > 20 && plugin.sent.messages > 20, 'messages before the rotation');
    const before = await directions(mesh);
    await plexctlJson(['signing', 'rotate', '--scope', `channel:${SLUG}`], env);
    mesh.say(`plexctl signing rotate --scope channel:${SLUG}: both directions are staged`);
    await mesh.wait(async () => (await directions(mesh)).every(({ phase }) => phase === 'active'), 'both to sign');
    mesh.say('each receiver has proven that it holds the new secret, and the senders sign by it');
    const [enoughOfApp, enoughOfPlugin] = [app.sent.messages + 20, plugin.sent.messages + 20];
    const isEnough = (): boolean => app.sent.messages > enoughOfApp && plugin.sent.messages > enoughOfPlugin;
    await mesh.wait(isEnough, 'messages after the rotation');
    const after = await directions(mesh);
    const refused = await closeRefused(mesh, before, after);
    mesh.say(`senders sign by both for five minutes, and a close waits for that: ${refused}`);
    const { exitCode } = await runPlexctl(['channel', 'verify', '--slug', SLUG], env);
    await Promise.all([app.stopSending(), plugin.stopSending()]);
    const refusals = [...app.sent.refusals, ...plugin.sent.refusals];
    for (const refusal of new Set(refusals)) mesh.say(`a message was refused: ${refusal}`);
    return {
      messages: app.sent.messages + plugin.sent.messages,
      refused: refusals.length,
      signed: { before: keyOf(before, APP_TO_PLUGIN), after: keyOf(after, APP_TO_PLUGIN) },
      is_well: exitCode === 0,
      close_refused: refused,
    };
  } finally {
    await Promise.all([app.stop(), plugin.stop()]);
  }
}

/** One process of that side: in earnest each of its replicas is a member. */
async function member(mesh: Mesh, side: string, sends: string, receives: string): Promise<ChannelEnd> {
  const { stack, dir } = mesh.setting;
  const enrolmentFile = join(dir, `${side}.node.json`);
  const args = ['channel', 'add-member', '--slug', SLUG, '--side', side, '--name', `${side}-1`];
  await plexctlJson([...args, '--out', enrolmentFile], stack.env);
  mesh.say(`plexctl ${args.join(' ')}`);
  return ChannelEnd.start({ enrolmentFile, storeDir: join(dir, `${side}.store`), sends, receives });
}

async function directions({ setting }: Mesh): Promise<Direction[]> {
  const { rings } = await plexctlJson<{ rings: Direction[] }>(['channel', 'show', '--slug', SLUG], setting.stack.env);
  return rings;
}

const keyOf = (rings: readonly Direction[], scope: string): string =>
  rings.find((ring) => ring.scope === scope)?.active_key_id ?? '';

/** @returns the refusal in its stable words; empty where it was closed */
async function closeRefused({ setting }: Mesh, before: Direction[], after: Direction[]): Promise<string> {
  const names = ['--old', keyOf(before, APP_TO_PLUGIN), '--new', keyOf(after, APP_TO_PLUGIN)];
  const { stderr } = await runPlexctl(['signing', 'close', '--scope', APP_TO_PLUGIN, ...names], setting.stack.env);
  return /signing: [a-z ]+/.exec(stderr)?.[0] ?? '';
}
