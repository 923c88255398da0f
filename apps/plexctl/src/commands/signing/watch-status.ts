import type { ChannelStatus, NodesStatus, ScopeStatus, Status, StatusReply } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { named } from '../../layout';
import { escapedJson } from '../../printable';
import { render, type Output } from '../../render';
import { backlogText, countsText, membersText, statusLines } from './status-layout';
import { statusPolls, type Poll } from './status-polls';

/** Often enough to see Nodes come in, seldom enough to leave a dozen watchers running. */
const EVERY_MS = 2_000;

/** Until Ctrl-C. In place on a terminal; elsewhere a line for each scope in which something has changed. */
export async function watchStatus(invocation: Invocation, requests: readonly Status[]): Promise<void> {
  const { terminal, output, env, interrupted } = invocation;
  const inPlace = output === 'text' && terminal.drawsInPlace && env['TERM'] !== 'dumb';
  const show = inPlace ? frames(invocation) : changes(invocation, output);
  let isFirst = true;
  for await (const poll of statusPolls(invocation, requests, EVERY_MS, interrupted())) {
    // Nothing has been shown yet: a wrong address is told at once.
    if (isFirst && 'trouble' in poll) throw poll.trouble;
    if (isFirst && 'reply' in poll) noteShortOverlap(poll.reply, terminal);
    isFirst = false;
    await show(poll);
  }
}

export function noteShortOverlap({ short_overlap_allowed }: StatusReply, terminal: Invocation['terminal']): void {
  if (!short_overlap_allowed) return;
  terminal.note(
    'this installation allows an overlap window that is too short for its verifiers: for laboratories only',
  );
}

type Show = (poll: Poll) => Promise<void>;

function frames({ terminal }: Invocation): Show {
  let last: string[] = [];
  return (poll) => {
    if ('reply' in poll) last = statusLines(poll.reply, true);
    const trouble = 'trouble' in poll ? [`not up to date: ${poll.trouble.detail}`] : [];
    terminal.draw([...last, '', ...trouble, `every ${EVERY_MS / 1_000} s; Ctrl-C ends`]);
    return Promise.resolve();
  };
}

function changes({ terminal }: Invocation, output: Output): Show {
  const before = new Map<string, string>();
  const hasChanged = (name: string, now: string): boolean => {
    const changed = before.get(name) !== now;
    before.set(name, now);
    return changed;
  };
  return async (poll) => {
    if ('trouble' in poll) {
      if (hasChanged('trouble', poll.trouble.detail)) terminal.note(`not up to date: ${poll.trouble.detail}`);
      return;
    }
    before.delete('trouble');
    const { reply } = poll;
    const changed = reply.scopes.filter((scope) => hasChanged(scope.scope, timeless(scope)));
    const isFewer = hasChanged('scopes', reply.scopes.map(({ scope }) => scope).join(' '));
    if (changed.length === 0 && !isFewer) return;
    terminal.result(output === 'text' ? changed.map(changeLine(reply)).join('') : await document(reply, output));
  };
}

/** One JSON document a line, YAML documents one below the other: a program reads each as it comes. */
const document = async (reply: StatusReply, output: Output): Promise<string> =>
  output === 'json'
    ? escapedJson(JSON.stringify(reply))
    : `---\n${await render({ text: '', document: reply }, output)}`;

const changeLine =
  ({ now }: StatusReply) =>
  ({ scope, epoch, transition, channel, nodes, domain_nodes: domains, signers, backlog }: ScopeStatus): string => {
    const behind = signers
      .filter(({ state }) => state !== 'confirmed')
      .map(({ holder, state }) => `${holder} ${state}`);
    const parts = [
      `epoch ${epoch}`,
      transition === null ? 'no rotation open' : `open: ${transition.old_key_id} to ${transition.new_key_id}`,
      ...(transition !== null && transition.switched_at === null ? ['switch under way'] : []),
      ...(channel === undefined ? nodesParts(nodes) : channelParts(channel)),
      ...(domains === undefined ? [] : [`of Domains: ${countsText(domains)}`]),
      ...(behind.length > 0 ? [`signers: ${behind.join(', ')}`] : []),
      `backlog: ${backlogText({ ...backlog, oldest_seconds: null })}`,
    ];
    return `${now}  ${scope}  ${parts.join('; ')}\n`;
  };

const nodesParts = (nodes: NodesStatus): string[] => [
  countsText(nodes),
  ...(nodes.lagging_count > 0 ? [`lagging: ${named(nodes.lagging, nodes.lagging_count)}`] : []),
];

const channelParts = (channel: ChannelStatus): string[] => [
  ...(channel.phase === null ? [] : [channel.phase]),
  ...(channel.waiting_for.length === 0 ? [] : [`waits for ${named(channel.waiting_for)}`]),
  ...(channel.overdue ? ['overdue'] : []),
  membersText(channel),
];

/** What passes by itself is no change: ages, the time left, and when a lease was renewed. */
const timeless = ({ keys, transition, signers, backlog, nodes, domain_nodes, ...scope }: ScopeStatus): string =>
  JSON.stringify({
    ...scope,
    nodes: [nodes, domain_nodes].map((each) => each && { ...each, quietest: null }),
    keys: keys.map(({ key_id, state }) => [key_id, state]),
    transition: transition === null ? null : { ...transition, seconds_left: transition.seconds_left > 0 },
    signers: signers.map(({ holder, state }) => [holder, state]),
    backlog: [backlog.unsent, backlog.sent],
  });
