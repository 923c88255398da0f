import { channelOf, issuerSlug } from '@plexsphere/wire';
import { command, type Invocation, type Values } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { misuse } from '../../failure';
import type { Result } from '../../render';
import { checkRequestId, inEachDirection, isBoth, REQUEST_ID_FLAG } from '../channel/each-direction';
import { keyIdFlag, PLAN_FLAG, REASON_FLAG, RINGS_FLAG } from '../flag-definitions';
import { rotateOne, rotateRequest, rotateResult, type AskedRotation } from './rotate-one';
import { WHEN_APPLIED_FLAGS, planWhenApplied, rotateWhenApplied } from './when-applied';

const FLAGS = {
  scope: RINGS_FLAG,
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
  ...REQUEST_ID_FLAG,
} as const;

export const rotate = command({
  path: ['signing', 'rotate'],
  about: `Makes the key --new-key-id in this scope, or takes the one of that name that is staged, and has it sign from now
    on. The old key goes on verifying during the overlap window, until closes_at or plexctl signing close. Shows the
    transition.

    Of an issuer the key is its standby, published long before, and needs no name. With --force one that is not staged so far
    is staged first, and signs once everybody who serves the issuer's keys has it; verifiers that keep a key set may refuse
    its tokens meanwhile.

    Of a channel the key needs no name either, and signs by itself later: it is staged, each member that verifies proves that
    it holds it, and when all have, the members that sign are given it. They sign by both for 5 minutes, and each from when it
    hears of it: so, other than elsewhere, the old secret may still sign when this returns. Nobody can force it; where a member does
    not prove it, plexctl signing rollback and plexctl channel remove-member are the ways on. The overlap window counts from then.
    channel:<slug> rotates both directions: a row each, as JSON and YAML an array, and the worse exit code.

    A rotation that is open already is refused: signing: rotation in progress. So is a staged key that has not propagated
    yet, but for --force, and one whose rotate_by is past.

    With --when-applied it is not opened now: the key --new-key-id, which is staged, signs by itself once that share of
    the Nodes has applied it. Nodes that are off count against it, Nodes that never came do not. Past --deadline it is
    dropped and nothing is switched.

    With --wait it goes on until all Nodes that hold a key have applied the new one (of a channel: until it signs, and no
    member is waited for), and exits 1 after --timeout, naming those that have not; the rotation stays open. With --plan it
    changes nothing: it shows what would be done and to whom, and exits 1 where something would block it.`,
  flags: FLAGS,
  examples: [
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05 --plan',
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05 --wait --timeout 15m',
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05 --when-applied 95 --deadline 12h',
    'plexctl signing rotate --scope issuer:web',
    'plexctl signing rotate --scope channel:payments --reason personnel-change --wait',
    'plexctl signing rotate --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --new-key-id k2 --output json',
  ],
  asks: 'bus',

  check(flags) {
    const { scope, plan, wait, timeout, deadline, force, 'new-key-id': newKeyId, 'when-applied': percent } = flags;
    const isChannel = isBoth(scope) || channelOf(scope) !== undefined;
    if (isChannel && percent !== undefined) throw misuse('--when-applied is not for channels', 'percent', PROVEN_FIRST);
    if (isChannel && force) throw misuse('--force is not for channels', 'force', PROVEN_FIRST);
    const needsName = !isChannel && (issuerSlug(scope) === undefined || percent !== undefined);
    if (newKeyId === undefined && needsName) throw unnamed();
    if (percent !== undefined && force) throw misuse('--when-applied and --force exclude each other', 'percent');
    if (percent !== undefined && wait) throw misuse('--when-applied and --wait exclude each other', 'percent');
    if (deadline !== undefined && percent === undefined) throw misuse('--deadline needs --when-applied', 'deadline');
    if (plan && wait) throw misuse('--plan and --wait exclude each other', 'plan', 'a plan changes nothing');
    if (timeout !== undefined && !wait) throw misuse('--timeout needs --wait', 'timeout');
    checkRequestId(flags);
  },

  async run(invocation) {
    const { flags, bus } = invocation;
    const { scope, reason, 'new-key-id': newKeyId, 'when-applied': percent } = flags;
    if (percent !== undefined && newKeyId !== undefined) {
      const asked = { scope, newKeyId, percent, deadline: flags.deadline, reason };
      return flags.plan ? planWhenApplied(asked, bus) : rotateWhenApplied(asked, bus);
    }
    if (flags.plan) return isBoth(scope) ? inEachDirection(invocation, FLAGS, planOne) : planOne(invocation);
    if (isBoth(scope) || channelOf(scope) !== undefined) {
      const { rotateChannel } = await import('../channel/rotate-channel');
      return rotateChannel(invocation, FLAGS, timeoutOf(flags));
    }
    const reply = await rotateOne(askedOf(flags), invocation);
    const result = rotateResult(reply);
    if (!flags.wait) return result;
    const { waitForNodes } = await import('./wait-for-nodes');
    const failure = await waitForNodes(invocation, reply, timeoutOf(flags));
    return failure === undefined ? result : { ...result, failure };
  },
});

const PROVEN_FIRST = 'a key of a channel signs once all who verify have proven that they hold it, and not before';

const askedOf = ({ scope, force, reason, 'new-key-id': newKeyId }: Values<typeof FLAGS>): AskedRotation => ({
  ...{ scope, newKeyId, reason, force },
});

async function planOne({ flags, bus }: Invocation<typeof FLAGS>): Promise<Result> {
  const { rotatePlan } = await import('./plan');
  return rotatePlan(await bus.ask('signing.plan-rotate', rotateRequest({ ...askedOf(flags), reason: undefined })));
}

const timeoutOf = ({ timeout }: Values<typeof FLAGS>): number => (secondsOf(timeout ?? '') ?? WAIT_SECONDS) * 1_000;

const unnamed = () =>
  misuse('--new-key-id is required', 'new_key_id', `--new-key-id takes ${keyIdFlag('new_key_id', '').expected}`);

/** Nodes that are there apply in seconds; one that restarts, in minutes. */
const WAIT_SECONDS = 600;
