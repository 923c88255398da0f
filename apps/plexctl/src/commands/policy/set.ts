import { CADENCES, parseRotateEvery } from '@plexsphere/wire';
import type { PlanPolicy, PolicyMember } from '@plexsphere/wire/commands';
import { command, type Invocation, type Values } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { misuse } from '../../failure';
import type { Result } from '../../render';
import { listed } from '../../terminal';
import { checkRequestId, inEachDirection, isBoth, REQUEST_ID_FLAG } from '../channel/each-direction';
import { ALGORITHM_FLAG, algorithmNamed, oneOf, PLAN_FLAG } from '../flag-definitions';
import { policyPlan, policyResult } from './policy-layout';
import { FLAG_OF_MEMBER, MEMBERS, requireTarget, TARGET_FLAGS, targetOf } from './policy-flags';

const percent = (text: string): boolean => /^[1-9]\d?$|^100$/.test(text);

const FLAGS = {
  ...TARGET_FLAGS,
  algorithm: { ...ALGORITHM_FLAG, summary: 'of the keys that are made from now on' },
  'overlap-window': {
    ...durationUpTo('366d'),
    member: 'overlap_window_seconds',
    summary: 'how long the old key verifies beside the new one',
  },
  'propagation-delay': {
    ...durationUpTo('366d'),
    member: 'propagation_delay_seconds',
    summary: 'how long a key must have been staged before it may sign',
  },
  'rotate-every': {
    value: 'span|cron|never',
    summary: 'when a rotation begins by itself: 7d, or five fields of cron in UTC',
    accepts: (text: string) => parseRotateEvery(text) !== undefined,
    expected: 'never, a span of one unit (7d, 36h), or five fields of cron',
  },
  close: { ...oneOf(['manual', 'automatic'] as const), summary: 'automatic: once closes_at is over' },
  cadence: {
    ...oneOf(Object.keys(CADENCES)),
    summary: 'what a stage goes by: --rotate-every monthly, 14d or 7d, and --close automatic',
  },
  'share-required': {
    value: 'percent',
    summary: 'of the Nodes, before a key that the schedule staged signs',
    accepts: percent,
    expected: 'a whole number from 1 to 100',
  },
  'key-id-pattern': {
    value: 'pattern',
    summary: 'for keys of the schedule: {name}, {yyyy}, {mm} and {dd} stand for themselves',
    accepts: (text: string) => text.length <= 128 && text !== '',
    expected: 'at most 128 characters',
  },
  standby: { ...oneOf(['yes', 'no'] as const), summary: 'whether one key is kept staged' },
  'token-life': {
    ...durationUpTo('366d'),
    member: 'longest_token_seconds',
    summary: 'how long a token of an issuer may live at most',
  },
  inherit: {
    ...oneOf(Object.values(FLAG_OF_MEMBER)),
    repeatable: true,
    summary: 'decide this no longer: it comes from the kind, or the settings, again',
  },
  plan: PLAN_FLAG,
  ...REQUEST_ID_FLAG,
} as const;

export const setPolicy = command({
  path: ['policy', 'set'],
  about: `What is not given stays as it is. What is decided for a scope goes before what is decided for its kind, and
    that before the settings of the service. A policy of a kind is applied ring by ring; a ring whose own decisions
    forbid it keeps what it has, and is named.

    --cadence decides both at once: development rotates on the first of each month, staging every 14 days, production
    every 7, and each closes by itself.

    With --rotate-every keys are staged, rotated to once --share-required of the Nodes have them, and with --close
    automatic closed, without anybody's asking. Each scope has its own place within ten minutes after the time that the
    schedule names (of a span within a twentieth of it, where that is less), always the same, so that not all come at once.
    What does not add up is refused, with the sum.

    channel:<slug> decides it for both directions: each is shown, as JSON and YAML in an array, with the worse exit code.`,
  flags: FLAGS,
  examples: [
    'plexctl policy set --kind domain --rotate-every 30d --close automatic --plan',
    'plexctl policy set --scope platform --overlap-window 48h --share-required 95',
    'plexctl policy set --scope platform --inherit overlap-window',
    'plexctl policy set --kind issuer --cadence production --token-life 30m',
  ],
  asks: 'bus',

  check(flags) {
    requireTarget(flags);
    checkRequestId(flags);
    const { inherit } = flags;
    const set = MEMBERS.filter(([, name]) => flags[name as keyof typeof flags] !== undefined).map(([, name]) => name);
    if (flags.cadence !== undefined && (flags['rotate-every'] ?? flags.close) !== undefined)
      throw misuse('--cadence decides --rotate-every and --close', 'cadence');
    if (set.length + inherit.length === 0 && flags.cadence === undefined)
      throw misuse('nothing to set', 'flags', 'plexctl policy set --help');
    const both = inherit.find((name) => set.includes(name));
    if (both !== undefined) throw misuse(`--${both} and --inherit ${both} exclude each other`, 'inherit');
  },

  async run(invocation) {
    return isBoth(invocation.flags.scope) ? inEachDirection(invocation, FLAGS, setOne) : setOne(invocation);
  },
});

async function setOne({ flags, bus, terminal }: Invocation<typeof FLAGS>): Promise<Result> {
  const request = requestOf(flags);
  if (flags.plan) return policyPlan(await bus.ask('policy.plan-set', request));
  const target = flags.scope === undefined ? `--kind ${flags.kind}` : `--scope ${flags.scope}`;
  const reply = await bus.change('policy.set', request, `plexctl policy show ${target} shows what is decided`);
  const lacking = reply.lacking_rings.map(({ scope }) => scope);
  if (flags.kind !== undefined && lacking.length > 0) terminal.note(`do not go by it so far: ${listed(lacking)}`);
  if (flags.algorithm !== undefined && reply.policy.standby) terminal.note(STANDBY_REPLACED);
  if ((flags['rotate-every'] ?? flags.cadence ?? 'never') !== 'never') terminal.note(whenDue(flags.scope));
  return policyResult(reply);
}

const STANDBY_REPLACED =
  'a standby of another algorithm is replaced within seconds: plexctl signing rotate takes the new one once it has propagated';

const whenDue = (scope: string | undefined): string =>
  `when it is due: plexctl signing status${scope === undefined ? '' : ` --scope ${scope}`}`;

const cadenceOf = (name: string | undefined): Pick<PlanPolicy, 'rotate_every' | 'close'> =>
  name === undefined ? {} : CADENCES[name as keyof typeof CADENCES];

function requestOf(flags: Values<typeof FLAGS>): PlanPolicy {
  const members = {
    ...cadenceOf(flags.cadence),
    algorithm: algorithmNamed(flags.algorithm),
    overlap_window_seconds: secondsOf(flags['overlap-window'] ?? ''),
    propagation_delay_seconds: secondsOf(flags['propagation-delay'] ?? ''),
    ...(flags['rotate-every'] === undefined ? {} : { rotate_every: flags['rotate-every'] }),
    ...(flags.close === undefined ? {} : { close: flags.close as 'manual' | 'automatic' }),
    share_required: flags['share-required'] === undefined ? undefined : Number(flags['share-required']),
    key_id_pattern: flags['key-id-pattern'],
    standby: flags.standby === undefined ? undefined : flags.standby === 'yes',
    longest_token_seconds: secondsOf(flags['token-life'] ?? ''),
  };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  const inherit = MEMBERS.filter(([, name]) => flags.inherit.includes(name)).map(([member]): PolicyMember => member);
  return {
    ...targetOf(flags),
    ...Object.fromEntries(given),
    ...(inherit.length === 0 ? {} : { inherit }),
  };
}
