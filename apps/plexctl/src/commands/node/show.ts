import type { ShowNodeReply, ShownFork } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { age, labelled } from '../../layout';
import { utc } from '../../render';
import { backlogText } from '../signing/status-layout';
import { checkReference, NODE_FLAGS, referenceOf } from './reference';

export const showNode = command({
  path: ['node', 'show'],
  about: `Shows one Node. told_epoch is the latest epoch whose announcement stands on its stream, applied_epoch the latest
    that it has applied. A fork is the head of a chain that is not ours: nothing that it shows of that ring counts.`,
  flags: NODE_FLAGS,
  examples: [
    'plexctl node show --scope platform --name edge-7',
    'plexctl node show --node-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --output yaml',
  ],
  asks: 'bus',
  check: checkReference,

  async run({ flags, bus }) {
    const document = await bus.ask('node.show', referenceOf(flags));
    return { text: textOf(document), document };
  },
});

const textOf = (node: ShowNodeReply): string =>
  labelled(
    Object.entries({
      node_id: node.node_id,
      scope: node.scope,
      name: node.name,
      state: stateOf(node),
      ...connectionsOf(node),
      listens: LISTENS[node.listens],
      ...waitOf(node),
      last_seen_at: lastSeen(node),
      added_at: utc(node.added_at),
      told_epoch: String(node.told_epoch),
      applied_epoch: applied(node.applied_epoch),
      applied_position: applied(node.applied_position),
      ...tunnelOf(node),
      ...keyOf(node),
      ...claimsOf(node),
      backlog: backlogText(node.backlog),
    }).map(([label, text]) => ({ label, text })),
  ).join('\n');

/** One that is removed or revoked comes no further: how far it had come is past. */
const stateOf = ({ state, progress, online }: ShowNodeReply): string =>
  state === 'enrolled' ? `${state}, ${progress}, ${online ? 'online' : 'offline'}` : state;

/** One is as it should be, and not worth a line. */
const connectionsOf = ({ connections }: ShowNodeReply): { connections?: string } =>
  connections === null || connections < 2
    ? {}
    : { connections: `${connections}: does a second machine have its file?` };

const LISTENS: Record<ShowNodeReply['listens'], string> = {
  bus: 'on the bus',
  sdk: 'over HTTP, with the SDK',
  go: 'over HTTP',
};

/** Nothing is sent to it meanwhile. */
const waitOf = ({ waits_since: since }: ShowNodeReply): { stream?: string } =>
  since === undefined ? {} : { stream: `waits for a state, since ${utc(since)}` };

/** Of a Node over HTTP. */
function tunnelOf({ mesh_ip: address, wireguard_key: key }: ShowNodeReply): Record<string, string> {
  if (address === undefined || key === undefined) return {};
  const wanted = key.wanted_at === undefined ? '' : `; another one is asked for, from ${utc(key.wanted_at)}`;
  return { mesh_ip: address, wireguard_key: `${key.public_key}, since ${utc(key.since)}${wanted}` };
}

/** Of a Node that has made its key itself; and why one was put out. */
const keyOf = ({ node_key: key, revoked_reason: reason }: ShowNodeReply): Record<string, string> => ({
  ...(key && { node_key: `generation ${key.generation}, since ${utc(key.since)}` }),
  ...(key?.contested_since !== undefined && {
    contested: `since ${utc(key.contested_since)}: a key that it has replaced is used in its name`,
  }),
  ...(reason !== undefined && { revoked: reason }),
});

/** Not as it should be: it follows another chain than ours, or counts further than there is. */
const claimsOf = (node: ShowNodeReply): Record<string, string> => ({
  ...(node.fork && { fork: forkText(node.fork) }),
  ...(node.platform_fork && { platform_fork: forkText(node.platform_fork) }),
  ...(node.claimed_epoch !== undefined && { claimed_epoch: String(node.claimed_epoch) }),
  ...(node.claimed_platform_epoch !== undefined && { claimed_platform_epoch: String(node.claimed_platform_epoch) }),
});

const forkText = ({ head, since }: ShownFork): string => `${head}, since ${utc(since)}: it stands nowhere in our chain`;

const lastSeen = ({ last_seen_at: at, last_seen_seconds: seconds }: ShowNodeReply): string =>
  at === null || seconds === null ? '-' : `${utc(at)}, ${age(seconds)} ago`;

/** What a Node that was never seen has applied nobody knows: nothing, most likely. */
const applied = (number: number | null): string => (number === null ? '-' : String(number));
