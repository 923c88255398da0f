import type { RotateReply } from '@plexsphere/wire/commands';
import { issuerSlug } from '@plexsphere/wire';
import { command } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { misuse } from '../../failure';
import { plural } from '../../layout';
import { oneRow, utc, type Result } from '../../render';
import { listed, type Terminal } from '../../terminal';
import { keyIdFlag, PLAN_FLAG, REASON_FLAG, SCOPE_FLAG } from '../flag-definitions';
import { WHEN_APPLIED_FLAGS, planWhenApplied, rotateWhenApplied } from './when-applied';

export const rotate = command({
  path: ['signing', 'rotate'],
  summary: 'open a rotation: a new key signs, the old one still verifies',
  about: `Makes the key --new-key-id in this scope, or takes the one of that name that is staged, and has it sign from now
    on. The old key goes on verifying during the overlap window, until closes_at or plexctl signing close. Shows the
    transition.

    Of an issuer the key is its standby, published long before, and needs no name. With --force one that is not staged so far
    is staged first, and signs once everybody who serves the issuer's keys has it; verifiers that keep a key set may refuse
    its tokens meanwhile.

    A rotation that is open already is refused: signing: rotation in progress. So is a staged key that has not propagated
    yet, but for --force, and one whose rotate_by is past.

    With --when-applied it is not opened now: the key --new-key-id, which is staged, signs by itself once that share of
    the Nodes has applied it. Nodes that are off count against it, Nodes that never came do not. Past --deadline it is
    dropped and nothing is switched.

    With --wait it goes on until all Nodes that hold a key have applied the new one, and exits 1 after --timeout, naming
    those that have not; the rotation stays open. With --plan it changes nothing: it shows what would be done and to
    whom, and exits 1 where something would block it.`,
  flags: {
    scope: SCOPE_FLAG,
    'new-key-id': {
      ...keyIdFlag('new_key_id', 'the key to introduce, or the one that is staged (of an issuer: its standby)'),
      required: false,
    },
    reason: REASON_FLAG,
    force: { summary: 'rotate to a staged key that has not propagated yet (admins only; the audit log records it)' },
    ...WHEN_APPLIED_FLAGS,
    plan: PLAN_FLAG,
    wait: { summary: 'return when all Nodes that hold a key have applied the new one' },
    timeout: { ...durationUpTo('7d'), summary: 'for --wait (default: 10m)' },
  },
  examples: [
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05 --plan',
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05 --wait --timeout 15m',
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05 --when-applied 95 --deadline 12h',
    'plexctl signing rotate --scope issuer:web',
    'plexctl signing rotate --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --new-key-id k2 --output json',
  ],
  asks: 'bus',

  check({ scope, plan, wait, timeout, deadline, force, 'new-key-id': newKeyId, 'when-applied': percent }) {
    if (newKeyId === undefined && (issuerSlug(scope) === undefined || percent !== undefined)) throw unnamed();
    if (percent !== undefined && force) throw misuse('--when-applied and --force exclude each other', 'percent');
    if (percent !== undefined && wait) throw misuse('--when-applied and --wait exclude each other', 'percent');
    if (deadline !== undefined && percent === undefined) throw misuse('--deadline needs --when-applied', 'deadline');
    if (plan && wait) throw misuse('--plan and --wait exclude each other', 'plan', 'a plan changes nothing');
    if (timeout !== undefined && !wait) throw misuse('--timeout needs --wait', 'timeout');
  },

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const { scope, reason } = flags;
    const newKeyId = flags['new-key-id'];
    const named = newKeyId === undefined ? {} : { new_key_id: newKeyId };
    const force = flags.force ? { force: true } : {};
    const percent = flags['when-applied'];
    if (percent !== undefined && newKeyId !== undefined) {
      const asked = { scope, newKeyId, percent, deadline: flags.deadline, reason };
      return flags.plan ? planWhenApplied(asked, bus) : rotateWhenApplied(asked, bus);
    }
    if (flags.plan) {
      const { rotatePlan } = await import('./plan');
      return rotatePlan(await bus.ask('signing.plan-rotate', { scope, ...named, ...force }));
    }
    const request = { scope, ...named, ...(reason === undefined ? {} : { reason }), ...force };
    const ifUnknown = `plexctl signing status --scope ${scope} shows ${newKeyId ?? 'the standby'} active if the rotation is open`;
    const reply = await bus.change('signing.rotate', request, ifUnknown);
    noteUnready(reply, terminal);
    noteLapsed(reply, terminal);
    if (reply.domain_nodes !== undefined && reply.domain_nodes > 0) {
      terminal.note(`told as well: ${plural(reply.domain_nodes, 'Node')} of Domains; no close waits for them`);
    }
    const result = resultOf(reply);
    if (!flags.wait) return result;
    const { waitForNodes } = await import('./wait-for-nodes');
    const timeoutMs = (secondsOf(flags.timeout ?? '') ?? WAIT_SECONDS) * 1_000;
    const failure = await waitForNodes(invocation, reply, timeoutMs);
    return failure === undefined ? result : { ...result, failure };
  },
});

const unnamed = () =>
  misuse('--new-key-id is required', 'new_key_id', `--new-key-id takes ${keyIdFlag('new_key_id', '').expected}`);

/** Nodes that are there apply in seconds; one that restarts, in minutes. */
const WAIT_SECONDS = 600;

export function noteLapsed({ lapsed = [] }: { lapsed?: readonly string[] }, terminal: Terminal): void {
  if (lapsed.length === 0) return;
  terminal.note(`silent until their lease ran out, so they work by the old ring no more: ${listed(lapsed)}`);
}

function noteUnready({ unready = [] }: { unready?: readonly string[] }, terminal: Terminal): void {
  if (unready.length === 0) return;
  terminal.note(`did not load the new key, so they sign nothing by it until they have: ${listed(unready)}`);
}

function resultOf(reply: RotateReply): Result {
  const { scope, old_key_id, new_key_id, opened_at, closes_at, ...more } = reply;
  const transition = { scope, old_key_id, new_key_id, opened_at: utc(opened_at), closes_at: utc(closes_at) };
  return { text: oneRow(transition), document: { ...transition, ...more } };
}
