import { channelDirection } from '@plexsphere/wire';
import type { PlanChangeReply, Revoke, RevokeReply } from '@plexsphere/wire/commands';
import { command, type Invocation, type Values } from '../../command';
import { misuse } from '../../failure';
import { named } from '../../layout';
import type { Person } from '../../person';
import { checkRecoveryFlags, openKey, refuseRecoveryFlags, RECOVERY_FLAGS } from '../../recovery/recovery-key';
import type { Result } from '../../render';
import type { Terminal } from '../../terminal';
import { BothDirections, checkRequestId, inEachDirection, isBoth, REQUEST_ID_FLAG } from '../channel/each-direction';
import { keyIdFlag, PLAN_FLAG, REASON_FLAG, RINGS_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from './changed';
import { knownText } from './key-lines';
import { noteRecoveryUsed } from './recovery-used';

const FLAGS = {
  scope: RINGS_FLAG,
  'key-id': keyIdFlag('key_id', 'the key to throw out: active, staged or retiring'),
  reason: { ...REASON_FLAG, required: true },
  'discard-staged': { summary: 'the staged key is suspect too: a new key takes the place of the active one' },
  'new-key-id': {
    ...keyIdFlag('new_key_id', 'what a new key is called (default: its kind and the date)'),
    required: false,
  },
  ...RECOVERY_FLAGS,
  yes: { summary: 'do not ask' },
  plan: PLAN_FLAG,
  ...REQUEST_ID_FLAG,
} as const;

type RevokeFlags = Values<typeof FLAGS>;

export const revoke = command({
  path: ['signing', 'revoke'],
  about: `Throws out the key --key-id: nothing that it signed verifies any more, and its private half is destroyed. Nothing
    of it is needed: it may be lost, unreadable or stolen. Of the active key a replacement signs from the same moment on:
    the staged key where there is one that has propagated, else a new one. Any other key that verified goes as well, and an
    open rotation ends as revoked. There is no way back. Of a key that was revoked within the last day it repeats the answer
    of that revoke, and changes nothing.

    Of an issuer other keys that verify stay, for the tokens that they have signed, and the standby signs at once, however
    shortly it has been published: it says how long verifiers may not know it.

    Of a channel the replacement signs as soon as a member that signs is given it, whoever has proven to hold it so far:
    --plan names who verifies and has not. channel:<slug> throws the key of that name out of both directions: a row each, as
    JSON and YAML an array, and the worse exit code; it is done in the one where there is such a key.

    It shows what it would do, and asks; --yes does not ask. A Node that is away goes on trusting the key until it is back.

    For a key of the platform the recovery key vouches: --recovery-key. Its passphrase is asked for on the terminal, it is
    used here alone and never sent; a recovery key that was used is exposed: plexctl recovery rotate makes another.`,
  flags: FLAGS,
  examples: [
    'plexctl signing revoke --scope platform --key-id platform-1 --reason stolen --plan',
    'plexctl signing revoke --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --key-id k1 --reason stolen --yes',
    'plexctl signing revoke --scope platform --key-id platform-1 --reason stolen --recovery-key recovery-key.json',
    'plexctl signing revoke --scope channel:payments --key-id key-20260801 --reason leaked --plan',
  ],
  asks: 'bus',

  check(flags) {
    if (flags.plan && flags.yes) throw misuse('--plan and --yes exclude each other', 'plan', 'a plan changes nothing');
    if (!isBoth(flags.scope)) checkRecoveryFlags(flags, 'revoke');
    else refuseRecoveryFlags(flags);
    checkRequestId(flags);
  },

  async run(invocation) {
    const { scope, plan, yes } = invocation.flags;
    if (plan) return isBoth(scope) ? inEachDirection(invocation, FLAGS, planOne) : planOne(invocation);
    // Before the plan: whoever cannot be asked need not read it.
    const person = yes ? undefined : someone(invocation);
    return isBoth(scope) ? revokeBoth(invocation, person) : revokeAsked(invocation, person);
  },
});

type RevokeInvocation = Invocation<typeof FLAGS>;

const planned = ({ flags, bus }: RevokeInvocation): Promise<PlanChangeReply> =>
  bus.ask('signing.plan-change', { ...askedOf(flags), change: 'revoke' });

async function planOne(invocation: RevokeInvocation): Promise<Result> {
  const { changePlan } = await import('./change-plan');
  return changePlan(await planned(invocation), { keyId: invocation.flags['key-id'] });
}

async function revokeAsked(invocation: RevokeInvocation, person: Person | undefined): Promise<Result> {
  const { flags, bus, terminal } = invocation;
  const { scope, 'key-id': keyId, 'recovery-key': recoveryKey } = flags;
  const { changeLines, refusePlanned } = await import('./change-plan');
  // Of the platform: what the operator decides upon is what is signed, so it does not change after they have.
  const ring = recoveryKey === undefined ? undefined : await bus.ask('signing.ring', { scope });
  const plan = await planned(invocation);
  refusePlanned(plan);
  if (plan.done_at === null && person !== undefined) {
    terminal.show(changeLines(plan, { keyId, recoveryKey }));
    await confirmed(person, `Revoke ${keyId} of ${scope}?`);
  }
  return revokeOne(invocation, plan, ring);
}

/** Asked once, over all that it would do: what is refused in one direction is said, and keeps nothing from the other. */
async function revokeBoth(invocation: RevokeInvocation, person: Person | undefined): Promise<Result> {
  const { changeLines, refusePlanned } = await import('./change-plan');
  const { flags, terminal } = invocation;
  const keyId = flags['key-id'];
  const both = new BothDirections(invocation, FLAGS);
  const directions = await both.directions();
  const plans = await both.each(directions, async ({ invocation: own }) => {
    const plan = await planned(own);
    refusePlanned(plan);
    return plan;
  });
  const open = plans.flatMap((outcome) => ('done' in outcome && outcome.done.done_at === null ? [outcome.done] : []));
  if (open.length > 0 && person !== undefined) {
    const refused = plans.flatMap((outcome) =>
      'failure' in outcome ? [`${outcome.scope} would refuse it: ${outcome.failure.detail}`, ''] : [],
    );
    terminal.show([
      ...refused,
      ...open.flatMap((plan, at) => [...(at > 0 ? [''] : []), ...changeLines(plan, { keyId })]),
    ]);
    await confirmed(person, `Revoke ${keyId} of ${open.map(({ scope }) => scope).join(' and ')}?`);
  }
  return both.result(
    await both.each(directions, async ({ scope, invocation: own }) => {
      const plan = plans.find((outcome) => outcome.scope === scope);
      if (plan === undefined || 'failure' in plan) throw plan?.failure;
      return revokeOne(own, plan.done);
    }),
  );
}

async function confirmed(person: Person, question: string): Promise<void> {
  const { requireYes } = await import('../../person');
  await requireYes(person, `${question} There is no way back.`);
}

async function revokeOne(
  invocation: RevokeInvocation,
  plan: PlanChangeReply,
  ring?: Parameters<typeof byRecoveryKey>[1],
): Promise<Result> {
  const { flags, bus, terminal } = invocation;
  const { scope, 'key-id': keyId } = flags;
  const isDone = plan.done_at !== null;
  const request: Revoke = { ...askedOf(flags), ...replacement(plan), reason: flags.reason };
  // Of what is done nothing has to be proven: it is answered again, for as long as answers are kept.
  const statement = isDone ? undefined : ring && (await byRecoveryKey(invocation, ring, plan));
  const ifUnknown = `plexctl signing status --scope ${scope} shows ${keyId} revoked, or no more, if it is`;
  const reply = await bus.change('signing.revoke', { ...request, ...(statement && { statement }) }, ifUnknown);
  if (isDone) terminal.note(`${keyId} was revoked before: this is the answer of that revoke, and nothing has changed`);
  noteRevoked(reply, terminal);
  if (statement !== undefined) noteRecoveryUsed(terminal);
  return changedResult(reply, ['scope', 'revoked_key_id', 'active_key_id', 'epoch', 'gone']);
}

function someone({ person }: Invocation) {
  const asked = person();
  if (asked !== undefined) return asked;
  const hint = 'look at it by --plan first; then --yes instead of --plan does it';
  throw misuse('--yes is required where there is no terminal', 'yes', hint);
}

const askedOf = (flags: RevokeFlags) => ({ scope: flags.scope, ...keysOf(flags) });

const keysOf = (flags: RevokeFlags): Pick<Revoke, 'key_id' | 'new_key_id' | 'discard_staged'> => ({
  key_id: flags['key-id'],
  ...(flags['new-key-id'] === undefined ? {} : { new_key_id: flags['new-key-id'] }),
  ...(flags['discard-staged'] ? { discard_staged: true } : {}),
});

/** As the operator was shown it, though midnight may have passed since. */
const replacement = ({ makes_key: isNew, signs_afterwards: keyId }: PlanChangeReply): { new_key_id?: string } =>
  isNew && keyId !== null ? { new_key_id: keyId } : {};

async function byRecoveryKey(
  invocation: RevokeInvocation,
  ring: Parameters<typeof import('../../recovery/vouch').vouch>[2]['ring'],
  plan: PlanChangeReply,
): Promise<string> {
  const { flags } = invocation;
  const { vouch } = await import('../../recovery/vouch');
  const key = await openKey(flags, invocation);
  return vouch(invocation, key, {
    ...{ type: 'revoke', ring, oldKeyId: flags['key-id'], newKeyId: plan.signs_afterwards ?? '' },
    ...{ introduces: plan.makes_key, request: { ...keysOf(flags), ...replacement(plan) } },
  });
}

function noteRevoked(reply: RevokeReply, terminal: Terminal): void {
  const { ended_rotation: ended, gone, revoked_key_id: keyId, scope, known_by: knownBy } = reply;
  noteChanged(reply, terminal);
  if (knownBy !== null) terminal.note(`${reply.active_key_id} is known by ${knownText(knownBy)}`);
  if (ended !== null)
    terminal.note(`the rotation from ${ended.old_key_id} to ${ended.new_key_id} ended: ${ended.outcome}`);
  const others = gone.filter((other) => other !== keyId);
  if (others.length > 0) terminal.note(`gone with it: ${named(others)}`);
  const slug = channelDirection(scope)?.slug;
  const look = slug === undefined ? `signing status --scope ${scope} --watch` : `channel verify --slug ${slug}`;
  terminal.note(`who has heard of it: plexctl ${look}`);
}
